// case: names and codes
return ["IndexSizeError", "HierarchyRequestError", "WrongDocumentError", "InvalidCharacterError", "NoModificationAllowedError", "NotFoundError", "NotSupportedError", "InUseAttributeError", "InvalidStateError", "SyntaxError", "InvalidModificationError", "NamespaceError", "InvalidAccessError", "TypeMismatchError", "SecurityError", "NetworkError", "AbortError", "URLMismatchError", "QuotaExceededError", "TimeoutError", "InvalidNodeTypeError", "DataCloneError", "EncodingError", "NotReadableError", "UnknownError", "ConstraintError", "DataError", "OperationError", "NotAllowedError", "Whatever"].map((name) => { const error = new DOMException("m", name); return [error.name, error.message, error.code]; });

// case: constants
return Object.entries(Object.getOwnPropertyDescriptors(DOMException)).filter(([name]) => name.endsWith("_ERR")).map(([name, { value, writable, enumerable }]) => [name, value, writable, enumerable, DOMException.prototype[name]]);

// case: an exception of nothing
const error = new DOMException();
return [error.name, error.message, error.code, String(error), error instanceof Error, error instanceof DOMException, Object.prototype.toString.call(error), typeof error.stack];

// case: arguments are made text
return [new DOMException(1, 2).name, new DOMException(null).message, new DOMException(undefined, undefined).name, new DOMException("x", "y").name];

// case: it is made with new
return DOMException("x");

// case: members want an exception
return Object.getOwnPropertyDescriptor(DOMException.prototype, "name").get.call({});

