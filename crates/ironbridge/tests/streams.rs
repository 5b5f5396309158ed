//! Asynchronous iterators of Python as streams: what comes of them, how far Python runs ahead, how they are left.

#[path = "streams/items.rs"]
mod items;
#[path = "streams/leaving.rs"]
mod leaving;
#[path = "streams/support.rs"]
mod support;
