//! What `#[batched]` refuses, each at its own place.

use ironbridge::Result;

#[ironbridge::module("fine")]
trait Wrong {
    async fn embed(&self, texts: &[String]) -> Result<Vec<f64>>;
    async fn store(&self, texts: &[String]) -> Result<()>;
    async fn mixed(&self, texts: &[String], language: &str) -> Result<Vec<f64>>;
    async fn spread(&self, #[python(args)] texts: &[String]) -> Result<Vec<f64>>;
    async fn nothing(&self) -> Result<Vec<f64>>;
    #[python(get)]
    fn version(&self) -> Result<String>;
    fn own(&self) -> Result<()> {
        Ok(())
    }

    #[batched(call = embed)]
    async fn fine(&self, text: String) -> Result<f64>;

    #[batched]
    async fn no_call(&self, text: String) -> Result<f64>;
    #[batched(call = embed())]
    async fn called(&self, text: String) -> Result<f64>;
    #[batched(call = embd)]
    async fn misspelled(&self, text: String) -> Result<f64>;
    #[batched(call = fine)]
    async fn of_batched(&self, text: String) -> Result<f64>;
    #[batched(call = own)]
    async fn of_own(&self, text: String) -> Result<f64>;
    #[batched(call = store)]
    async fn of_nothing(&self, text: String) -> Result<()>;
    #[batched(call = "mixed")]
    async fn of_two(&self, text: String) -> Result<f64>;
    #[batched(call = spread)]
    async fn of_spread(&self, text: String) -> Result<f64>;
    #[batched(call = nothing)]
    async fn of_none(&self, text: String) -> Result<f64>;
    #[batched(call = version)]
    async fn of_attribute(&self, text: String) -> Result<f64>;

    #[batched(call = embed, size = 64)]
    async fn unknown(&self, text: String) -> Result<f64>;
    #[batched(call = embed, max = 64, max = 32)]
    async fn twice(&self, text: String) -> Result<f64>;
    #[batched(call = embed)]
    fn waits_not(&self, text: String) -> Result<f64>;
    #[batched(call = embed)]
    async fn no_item(&self) -> Result<f64>;
    #[batched(call = embed)]
    async fn two_items(&self, text: String, language: String) -> Result<f64>;
    #[batched(call = embed)]
    async fn no_name(&self, text: impl Fn() -> Result<String>) -> Result<f64>;
    #[batched(call = embed)]
    async fn named(&self, #[python(keyword)] text: String) -> Result<f64>;
    #[batched(call = embed)]
    #[python(name = "embed")]
    async fn renamed(&self, text: String) -> Result<f64>;
    #[batched(call = embed)]
    async fn no_self(text: String) -> Result<f64>;
    #[batched(call = embed)]
    async fn no_result(&self, text: String) -> f64;
    #[batched(call = embed)]
    async fn body(&self, text: String) -> Result<f64> {
        Ok(0.0)
    }
}

fn main() {}
