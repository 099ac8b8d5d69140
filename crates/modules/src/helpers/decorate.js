// What `experimentalDecorators` compiles to: https://www.typescriptlang.org/docs/handbook/decorators.html
// Called with two arguments for a class, with four for a member; a member without a descriptor of its
// own (a field) has `undefined` there, one with a descriptor has `null`.
function decorate(decorators, target, key, descriptor) {
  const ofClass = arguments.length < 3;
  const withDescriptor = arguments.length > 3;
  if (!ofClass && descriptor === null) descriptor = Object.getOwnPropertyDescriptor(target, key);
  let result = ofClass ? target : descriptor;
  if (typeof Reflect.decorate === "function") {
    result = ofClass
      ? Reflect.decorate(decorators, target)
      : Reflect.decorate(decorators, target, key, descriptor);
  } else {
    for (let at = decorators.length - 1; at >= 0; at -= 1) {
      const decorator = decorators[at];
      if (!decorator) continue;
      const given = ofClass
        ? decorator(result)
        : withDescriptor
          ? decorator(target, key, result)
          : decorator(target, key);
      result = given || result;
    }
  }
  if (withDescriptor && result) Object.defineProperty(target, key, result);
  return result;
}

export { decorate as default, decorate as "module.exports" };
