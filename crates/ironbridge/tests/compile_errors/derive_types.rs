//! Fields that cannot be converted: the error stands at their type.

use ironbridge::Python;

struct Foreign;

#[derive(Python)]
struct Plain {
    title: String,
    foreign: Foreign,
}

#[derive(Python)]
#[python(from_only)]
struct NoDefault {
    #[python(default)]
    address: std::net::IpAddr,
}

#[derive(Python)]
#[python(into_only)]
enum Union {
    Int(i64),
    Foreign(Foreign),
}

fn main() {}
