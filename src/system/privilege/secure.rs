//! Whether this process has more privileges than its caller.
#![expect(unsafe_code, reason = "nothing safe reads the auxiliary vector of a process that is not dumpable")]

/// AT_SECURE of the auxiliary vector (getauxval(3)): set for setuid and setgid programs and where file
/// capabilities added to what is permitted. `/proc/self/auxv` has it too, but belongs to root then.
pub(super) fn is_secure() -> bool {
    // SAFETY: getauxval(3) takes a number, reads memory that the kernel wrote before the process began
    // and nobody changes, and gives a number.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    secure != 0
}
