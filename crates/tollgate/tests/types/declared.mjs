// Prints what the declarations of a project say of each module: JSON { module: { name: { kind, statics,
// methods, members } } }. Run in the project's folder, with the names of the modules as arguments.
import ts from "typescript";

const modules = process.argv.slice(2);
const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
const { Class, Method, Value } = ts.SymbolFlags;

const names = (symbols) => [...symbols].map((symbol) => symbol.name).filter((name) => !/^(__|prototype$)/.test(name));

function described(symbol) {
  const type = checker.getTypeOfSymbol(symbol);
  // A constant may be a class by another name.
  const named = symbol.flags & Class ? symbol : type.symbol;
  if (named?.flags & Class && type.getConstructSignatures().length > 0) {
    const members = checker.getDeclaredTypeOfSymbol(named).getProperties();
    const methods = names([...named.members.values()].filter((member) => member.flags & Method && !isForOthers(member)));
    return { kind: "callable", statics: names(named.exports.values()), methods, members: names(members) };
  }
  const callable = type.getCallSignatures().length + type.getConstructSignatures().length > 0;
  const kind = callable ? "callable" : "value";
  return { kind, statics: names(type.getProperties()), methods: [], members: [] };
}

/** Abstract methods and optional ones are for those who extend the class. */
function isForOthers(member) {
  const abstract = ts.getCombinedModifierFlags(member.valueDeclaration) & ts.ModifierFlags.Abstract;
  return abstract !== 0 || (member.flags & ts.SymbolFlags.Optional) !== 0;
}

const all = {};
for (const ambient of checker.getAmbientModules()) {
  const module = ambient.name.slice(1, -1);
  if (!modules.includes(module)) continue;
  all[module] = {};
  for (const exported of checker.getExportsOfModule(ambient)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & Value) all[module][exported.name] = described(symbol);
  }
}
console.log(JSON.stringify(all));
