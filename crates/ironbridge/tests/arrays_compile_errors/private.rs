//! Nobody else can say what an element is.

use ironbridge::arrays::element::Sealed;

fn main() {}
