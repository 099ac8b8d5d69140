// What `emitDecoratorMetadata` knows of a type, for a library such as reflect-metadata, if there is one.
function decorateMetadata(key, value) {
  return typeof Reflect.metadata === "function" ? Reflect.metadata(key, value) : undefined;
}

export { decorateMetadata as default, decorateMetadata as "module.exports" };
