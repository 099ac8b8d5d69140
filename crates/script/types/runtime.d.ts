// What the modules of a project import. `@zuplo/runtime` is the same module under another name. The
// declarations of `@tollgate/runtime` lie in the files beside this one, one for each subject.

declare module "@zuplo/runtime" {
  export * from "@tollgate/runtime";
}

declare module "@tollgate/runtime" {
  /**
   * The variables that the project declares, readable from the first line of a module on. Nothing else of
   * the process's environment is in it.
   *
   * @example
   * ```ts
   * const backend = environment.BACKEND_URL ?? "http://127.0.0.1:8888";
   * ```
   */
  export const environment: Readonly<Record<string, string | undefined>>;
}
