// A decorator of a parameter, as a decorator of what has the parameter.
function decorateParam(index, decorator) {
  return (target, key) => decorator(target, key, index);
}

export { decorateParam as default, decorateParam as "module.exports" };
