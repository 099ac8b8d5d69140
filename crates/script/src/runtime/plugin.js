// What plugins of a project extend.

/** A plugin with `initialize(runtime)`. */
export class RuntimePlugin {}

/** @see RuntimePlugin */
export class SystemRuntimePlugin extends RuntimePlugin {}
