// GitHub's own parser as a judge. It reads the paths of workflows from standard input, one a line, prints what it refuses,
// FILE:LINE:COLUMN: TEXT, and exits with 1 if that is anything. workflows_test.go bundles it with the parser.
import { readFileSync } from "node:fs";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";

async function judge(name) {
  const { context, value } = parseWorkflow({ name, content: readFileSync(name, "utf8") }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value); // needs, ids and schedules; the first pass has keys, types and expressions
  for (const { rawMessage, range } of context.errors.getErrors()) {
    const { line, column } = range?.start ?? { line: 0, column: 0 };
    console.log(`${name}:${line}:${column}: ${rawMessage.replaceAll("\n", " ")}`);
    process.exitCode = 1;
  }
}

const names = readFileSync(0, "utf8").split("\n").filter(Boolean);
Promise.all(names.map(judge));
