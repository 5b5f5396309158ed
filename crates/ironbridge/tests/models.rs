//! Models within a memory budget, from outside: how they come, how they go, and what can go wrong.

#[path = "models/ending.rs"]
mod ending;
#[path = "models/failing.rs"]
mod failing;
#[path = "models/leases.rs"]
mod leases;
#[path = "models/loading.rs"]
mod loading;
#[path = "models/room.rs"]
mod room;
#[path = "models/running_out.rs"]
mod running_out;
#[path = "models/support.rs"]
mod support;
#[path = "models/telling.rs"]
mod telling;
