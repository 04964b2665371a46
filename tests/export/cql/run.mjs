// Compile a CQL library and run it over FHIR R4 bundles, one patient each, with an engine that is not ours.
//
//   node run.mjs MODULES LIBRARY.cql BUNDLES.json SYSTEM-MODELINFO.xml
//
// MODULES is a node_modules folder with @cqframework/cql, cql-execution and cql-exec-fhir. BUNDLES.json maps names to
// bundles. Written to standard output: {"errors": [...], "results": {name: {define: true, false or null}}}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, libraryFile, bundleFile, systemFile] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const load = (path) => import(pathToFileURL(join(modules, path)).href);
const text = (path) => readFileSync(path, "utf8");

const { CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, stringAsSource } = await load(
  "@cqframework/cql/cql-to-elm.mjs",
).then(async (found) => ({ ...(await load("@cqframework/cql/engine.mjs").catch(() => ({}))), ...found }));

const modelInfos = {
  System: text(systemFile),
  FHIR: text(join(modules, "cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml")),
};
const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(
  createModelInfoProvider((id) => (modelInfos[id] ? stringAsSource(modelInfos[id]) : null)),
);
const translator = CqlTranslator.fromText(text(libraryFile), new LibraryManager(models));
const errors = [...translator.errors.asJsReadonlyArrayView()].map((error) => `${error.locator?.startLine}: ${error.message}`);
const answer = { errors, results: {} };
if (errors.length === 0) {
  const cql = require("cql-execution");
  const fhir = require("cql-exec-fhir");
  const library = new cql.Library(JSON.parse(translator.toJson()));
  const bundles = JSON.parse(text(bundleFile));
  // One source for all patients, since each new one reads the model information again. It tells patients by their id.
  for (const [name, bundle] of Object.entries(bundles)) {
    bundle.entry.find((entry) => entry.resource.resourceType === "Patient").resource.id = name;
  }
  const source = fhir.PatientSource.FHIRv401();
  source.loadBundles(Object.values(bundles));
  const found = await new cql.Executor(library).exec(source);
  for (const [name, values] of Object.entries(found.patientResults)) {
    answer.results[name] = Object.fromEntries(
      Object.entries(values).filter(([, value]) => value === null || typeof value === "boolean"),
    );
  }
}
process.stdout.write(JSON.stringify(answer));
