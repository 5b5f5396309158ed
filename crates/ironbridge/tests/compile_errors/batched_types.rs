//! Types that do not fit between `#[batched]` and what it calls, each at its own place.

use ironbridge::Result;

#[ironbridge::module("fine")]
trait Items {
    async fn embed(&self, texts: &[String]) -> Result<Vec<f64>>;
    #[batched(call = embed)]
    async fn of_number(&self, number: i64) -> Result<f64>;
    #[batched(call = embed)]
    async fn to_number(&self, text: String) -> Result<i64>;
    #[batched(call = embed, max = "many")]
    async fn many(&self, text: String) -> Result<f64>;
    #[batched(call = embed, wait = 5)]
    async fn soon(&self, text: String) -> Result<f64>;
}

fn main() {}
