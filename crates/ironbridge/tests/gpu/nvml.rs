//! A stand-in for `libnvidia-ml.so`: two cards, of which the second reports little. Compiled by the test, loaded as the
//! driver's library. The environment says what else is to go wrong.
//!
//! - `STAND_IN_INIT`: the code that `nvmlInit_v2` gives.
//! - `STAND_IN_LOST_AFTER`: after so many lookups of card 1 it has fallen off the bus.

#![allow(non_snake_case)]

use std::{
    env,
    ffi::{CStr, c_char, c_uint, c_ulonglong, c_void},
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

type Return = c_uint;
type Device = *mut c_void;

const SUCCESS: Return = 0;
const INVALID_ARGUMENT: Return = 2;
const NOT_SUPPORTED: Return = 3;
const NOT_FOUND: Return = 6;
const INSUFFICIENT_SIZE: Return = 7;
const GPU_IS_LOST: Return = 15;

const UUIDS: [&str; 2] = [
    "GPU-11111111-aaaa-0000-0000-000000000000",
    "GPU-12222222-bbbb-0000-0000-000000000000",
];
const NAMES: [&str; 2] = ["NVIDIA H100 80GB HBM3", "NVIDIA GB10"];

static LOOKUPS: AtomicUsize = AtomicUsize::new(0);

fn number(name: &str) -> Option<usize> {
    env::var(name).ok()?.parse().ok()
}

fn index(device: Device) -> usize {
    device as usize - 1
}

fn lost(index: usize) -> bool {
    index == 1
        && number("STAND_IN_LOST_AFTER").is_some_and(|after| LOOKUPS.load(Ordering::SeqCst) > after)
}

unsafe fn say(text: &str, at: *mut c_char, room: c_uint) -> Return {
    if text.len() >= room as usize {
        return INSUFFICIENT_SIZE;
    }
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), at, text.len());
        *at.add(text.len()) = 0;
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> Return {
    number("STAND_IN_INIT").map_or(SUCCESS, |code| code as Return)
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlShutdown() -> Return {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(at: *mut c_char, room: c_uint) -> Return {
    unsafe { say("570.86.15", at, room) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetProcessName(
    pid: c_uint,
    at: *mut c_char,
    room: c_uint,
) -> Return {
    match pid {
        41 => unsafe { say("/usr/bin/python3", at, room) },
        _ => NOT_FOUND,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(count: *mut c_uint) -> Return {
    unsafe { *count = 2 };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(index: c_uint, device: *mut Device) -> Return {
    if index > 1 {
        return INVALID_ARGUMENT;
    }
    if index == 1 {
        LOOKUPS.fetch_add(1, Ordering::SeqCst);
    }
    if lost(index as usize) {
        return GPU_IS_LOST;
    }
    unsafe { *device = (index as usize + 1) as Device };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByUUID(uuid: *const c_char, device: *mut Device) -> Return {
    let uuid = unsafe { CStr::from_ptr(uuid) }.to_str().unwrap_or_default();
    match UUIDS.iter().position(|known| *known == uuid) {
        Some(index) => {
            unsafe { *device = (index + 1) as Device };
            SUCCESS
        }
        None => NOT_FOUND,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetIndex(device: Device, at: *mut c_uint) -> Return {
    unsafe { *at = index(device) as c_uint };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(device: Device, at: *mut c_char, room: c_uint) -> Return {
    unsafe { say(NAMES[index(device)], at, room) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUUID(device: Device, at: *mut c_char, room: c_uint) -> Return {
    unsafe { say(UUIDS[index(device)], at, room) }
}

#[repr(C)]
pub struct Memory {
    version: c_uint,
    total: c_ulonglong,
    reserved: c_ulonglong,
    free: c_ulonglong,
    used: c_ulonglong,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(device: Device, at: *mut Memory) -> Return {
    if index(device) == 1 {
        return NOT_SUPPORTED;
    }
    let memory = unsafe { &mut *at };
    if memory.version != 0x0200_0028 {
        return 25; // A version of the structure that is not this one.
    }
    memory.total = 80 << 30;
    memory.reserved = 1 << 30;
    memory.used = 20 << 30;
    memory.free = 59 << 30;
    SUCCESS
}

#[repr(C)]
pub struct Utilisation {
    compute: c_uint,
    memory: c_uint,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUtilizationRates(device: Device, at: *mut Utilisation) -> Return {
    let rates = [(45, 12), (3, 0)][index(device)];
    unsafe {
        *at = Utilisation {
            compute: rates.0,
            memory: rates.1,
        };
    }
    SUCCESS
}

unsafe fn first_only(device: Device, at: *mut c_uint, value: c_uint) -> Return {
    if index(device) == 1 {
        return NOT_SUPPORTED;
    }
    unsafe { *at = value };
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTemperature(
    device: Device,
    _sensor: c_uint,
    at: *mut c_uint,
) -> Return {
    unsafe { first_only(device, at, 56) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPowerUsage(device: Device, at: *mut c_uint) -> Return {
    unsafe { first_only(device, at, 310_500) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetEnforcedPowerLimit(device: Device, at: *mut c_uint) -> Return {
    unsafe { first_only(device, at, 700_000) }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Process {
    pid: c_uint,
    used: c_ulonglong,
    instance: c_uint,
    compute_instance: c_uint,
}

unsafe fn list(all: &[(c_uint, c_ulonglong)], count: *mut c_uint, at: *mut Process) -> Return {
    let room = unsafe { *count } as usize;
    unsafe { *count = all.len() as c_uint };
    if room < all.len() {
        return INSUFFICIENT_SIZE;
    }
    for (place, &(pid, used)) in all.iter().enumerate() {
        unsafe {
            *at.add(place) = Process {
                pid,
                used,
                instance: c_uint::MAX,
                compute_instance: c_uint::MAX,
            };
        }
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    at: *mut Process,
) -> Return {
    if index(device) == 1 {
        return unsafe { list(&[(std::process::id(), c_ulonglong::MAX)], count, at) };
    }
    let all = [
        (41, 6 << 30),
        (std::process::id(), 2 << 30),
        // The driver does not tell.
        (7, c_ulonglong::MAX),
    ];
    unsafe { list(&all, count, at) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetGraphicsRunningProcesses_v3(
    device: Device,
    count: *mut c_uint,
    at: *mut Process,
) -> Return {
    if index(device) == 1 {
        return NOT_SUPPORTED;
    }
    unsafe { list(&[(41, 6 << 30)], count, at) }
}
