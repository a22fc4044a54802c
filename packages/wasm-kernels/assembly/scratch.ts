/**
 * Byte address of this instance's own scratch memory. Every thread has an instance and a region of its own; its owner sets
 * it before a call, large enough for what the kernel's header says. Contents are lost between calls.
 */
export let scratch: usize = 0;
