//! GPUs: memory, load, temperature, processes, by NVML.
