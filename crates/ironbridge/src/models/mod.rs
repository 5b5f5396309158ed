//! Models within a memory budget.
