//! Only numbers and bools are elements: not references, not objects, not one's own types.

use ironbridge::arrays::Array1;

struct Mine(u8);

fn of_text(_: Array1<String>) {}

fn of_references(_: Array1<&'static u8>) {}

fn of_my_own(_: Array1<Mine>) {}

fn main() {}
