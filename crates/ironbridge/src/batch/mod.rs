//! Single calls gathered into one call of many.
