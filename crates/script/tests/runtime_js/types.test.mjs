import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import "./fake_host.mjs";

const folder = new URL("../../types/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".d.ts"));
const declarations = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");

/** The text of everything that is declared for a module. */
function declared(module) {
  return declarations.split(/^declare module /m).filter((text) => text.startsWith(`"${module}"`)).join("\n");
}

for (const module of ["@tollgate/runtime", "@tollgate/runtime/mocks", "@tollgate/graphql", "@tollgate/runtime/mcp-gateway", "@tollgate/test"]) {
  test(`everything_that_${module}_exports_is_declared_and_the_other_way_round`, async () => {
    const text = declared(module);
    const values = [...text.matchAll(/^  export (?:abstract )?(?:class|const|function|enum) (\w+)/gm)].map(([, name]) => name);
    assert.deepEqual([...new Set(values)].sort(), Object.keys(await import(module)).sort());
  });
}

test("everything_that_is_declared_is_explained", () => {
  const lines = declarations.split("\n");
  const isMember = (line) => /^ {2,4}(export (?!\*)|static |readonly |[a-zA-Z]+\??[(:<])/.test(line);
  // A line that ends in a comma is a parameter.
  const bare = lines.filter((line, i) => isMember(line) && !line.endsWith(",") && !lines[i - 1].endsWith("*/"));
  assert.deepEqual(bare, []);
});

// The compiler is not part of this repository: `TYPESCRIPT=…/node_modules/typescript/bin/tsc` names one.
const compiler = process.env.TYPESCRIPT;

test("sample_modules_type_check_with_stock_tsc", { skip: compiler === undefined && "TYPESCRIPT does not name tsc" }, () => {
  const project = mkdtempSync(join(tmpdir(), "typed-"));
  try {
    cpSync(fileURLToPath(new URL("typed", import.meta.url)), project, { recursive: true });
    for (const name of files) cpSync(fileURLToPath(new URL(name, folder)), join(project, ".tollgate/types", name));
    cpSync(fileURLToPath(new URL("tsconfig.json", folder)), join(project, "tsconfig.json"));
    const run = spawnSync(process.execPath, [compiler, "-p", project], { encoding: "utf8" });
    assert.equal(run.stdout, "");
    assert.equal(run.status, 0, run.stderr);
  } finally {
    rmSync(project, { recursive: true });
  }
});
