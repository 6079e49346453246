/**
 * Preloaded (`--import`) into each Node process of the local stack: when the process that started it is gone, however
 * it ended, so is this one. The kernel closes the IPC channel.
 */
process.on('disconnect', () => process.exit(1));
// Watching for that must not keep a process alive that has nothing else to do.
process.channel?.unref();
