// The files that devgen writes for the shipped spec, by projen's own constructs. outputs.json holds their content; the
// benchmark makes it from devgen's files.
const path = require("path");
const { JsonFile, Project, TextFile, YamlFile, github } = require("projen");
const outputs = require("./outputs.json");

const project = new Project({ name: "aspire", renovatebot: false });
project.defaultTask.exec("node .projenrc.js"); // what "npx projen" runs
const hub = new github.GitHub(project, { mergify: false, pullRequestLint: false });

// DevContainer and DockerCompose write one file at the root, so JsonFile and YamlFile do, which are below them.
for (const { file, executable, workflow, yaml, json, lines } of outputs) {
  if (workflow) addWorkflow(file, workflow);
  else if (yaml) new YamlFile(project, file, { obj: yaml });
  else if (json) new JsonFile(project, file, { obj: json });
  else new TextFile(project, file, { lines, executable });
}
project.synth();

function addWorkflow(file, { on, jobs, name, ...rest }) {
  const w = hub.addWorkflow(path.basename(file, ".yml"));
  w.on(on);
  for (const [id, { strategy, outputs, ...job }] of Object.entries(jobs)) {
    const steps = job.steps.map((s) => ({ ...s, continueOnError: s["continue-on-error"] }));
    w.addJob(id, { permissions: {}, ...job, steps, runsOn: job["runs-on"], timeoutMinutes: job["timeout-minutes"] });
    // projen has forms of its own for these two.
    for (const [key, value] of Object.entries({ strategy, outputs })) w.file.addOverride(`jobs.${id}.${key}`, value);
  }
  for (const [key, value] of Object.entries({ name, ...rest })) w.file.addOverride(key, value);
}
