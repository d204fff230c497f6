package golden

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestRequirementsNotice proves that TestRequirements can fail: a change of an output or of a deviation that it would have
// to find is made in memory, wherever it can be made.
func TestRequirementsNotice(t *testing.T) {
	const (
		base     = ".devcontainer/docker-compose.yml"
		volumes  = ".devcontainer/docker-compose.volumes.yml"
		override = ".devcontainer/docker-compose.cache-override.yml"
		trace    = ".devcontainer/traceability.json"
		docs     = "docs/deviations.md"
	)
	items := extract(t, readFile(t, "requirements/document.txt"))
	text, defects := readFile(t, "../docs/deviations.md"), readFile(t, "../docs/defects.md")
	generated := readOutputs(t)
	for _, tt := range []struct{ file, old, new, want string }{
		// Volumes and mounts.
		{volumes, "source: npm-cache", "source: npm", "volumes[/home/vscode/.npm].source: npm-cache stands in none"},
		{volumes, "target: /home/vscode/.npm\n", "target: /home/vscode/npm\n", "volumes[/home/vscode/.npm].target: /home/vscode/.npm is in no output"},
		{volumes, "/.aspire-devcontainer/dotnet-tools", "/.aspire-devcontainer/tools", "/.aspire-devcontainer/dotnet-tools stands in none"},
		{volumes, "/.aspire-devcontainer/dotnet-tools", "/.aspire-devcontainer/dotnet-tools2", "/.aspire-devcontainer/dotnet-tools stands in none"},
		{volumes, "target: /workspaces/aspire/obj\n", "target: /workspaces/aspire/objects\n", "volumes[/workspaces/aspire/obj].target"},
		{volumes, "NuGet/http-cache:size=2147483648", "NuGet/http-cache:size=1073741824", "size=2147483648"},
		{volumes, "nuget-http-cache", "http-cache", "nuget-http-cache stands in none"},
		{volumes, "uid=1000", "uid=1001", "uid=1000"},
		{volumes, "read_only: true", "read_only: false", "read_only: true is in no output"},
		{volumes, "        bind:\n          create_host_path: false\n", "", "create_host_path: false stands in none"},
		{volumes, "      - type: bind\n        source: ..\n", "      - type: bind\n        source: /var/run/docker.sock\n        target: /var/run/docker.sock\n      - type: bind\n        source: ..\n", "volumes[/var/run/docker.sock].source: /var/run/docker.sock is not in the document"},
		{base, "    volumes:\n", "    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n", "/var/run/docker.sock is not in the document"},
		{base, "    user: vscode\n", "    user: vscode\n    privileged: true\n", "services.dev.privileged: true is not in the document"},
		{base, "/commandhistory/.bash_history", "/commandhistory/.bash_history2", "environment.HISTFILE: /commandhistory/.bash_history stands in none"},
		{base, "history -a", "history -ac", "PROMPT_COMMAND: history -a stands in none"},
		{volumes, "  node-modules:\n    labels:\n      dev.devgen.spec: aspire\n      dev.devgen.scope: project\n", "", "volumes.node-modules.labels.dev.devgen.scope: project stands in none"},
		{volumes, "  node-modules:\n    labels:", "  extra: {}\n  node-modules:\n    labels:", "volumes.extra: {} is not in the document"},
		{volumes, "  node-modules:\n    labels:", "  extra:\n  node-modules:\n    labels:", "volumes.extra:  is not in the document"},
		{volumes, "    name: aspire-pip-cache\n", "", "volumes.pip-cache.name: aspire-pip-cache stands in none"},
		{volumes, "      dev.devgen.spec: aspire\n", "", "labels.dev.devgen.spec: aspire stands in none"},
		{volumes, "scope: project", "scope: shared", "labels.dev.devgen.scope: project stands in none"},
		// Tags.
		{volumes, "[TAG-PERF-007-GIT] ", "", "[TAG-PERF-007-GIT] is in no output"},
		{volumes, "[TAG-PERF-007-NODEJS]", "[TAG-PERF-007-NODE]", "[TAG-PERF-007-NODEJS] is in no output"},
		{volumes, "[TAG-PERF-007-NUGET] ", "", "[TAG-PERF-007-NUGET]"},
		{workflow, "[TAG-PERF-006-WORKFLOW] ", "", "[TAG-PERF-006-WORKFLOW] is in no output"},
		{workflow, "[TAG-PERF-006-BUILDX] ", "", "[TAG-PERF-006-BUILDX] is in no output"},
		{workflow, "[TAG-PERF-006-META] ", "", "[TAG-PERF-006-META] stands in none"},
		{workflow, "[TAG-PERF-006-METRICS] ", "", "[TAG-PERF-006-METRICS] stands in none"},
		{workflow, "[TAG-PERF-006-CACHE-SAVE] ", "", "[TAG-PERF-006-CACHE-SAVE] is in no output"},
		// What starts the workflow.
		{workflow, "cron: '17 2", "cron: '17 3", "schedule.cron: 17 2 * * * stands in none"},
		{workflow, "cron: '17 2", "cron: '0 2", "on.schedule.cron: 0 2 * * * is there after all"},
		{workflow, "    - cron: '43", "    - cron: '* * * * *'\n    - cron: '43", "on.schedule.cron: * * * * * is not in the document"},
		{workflow, "branches: [main, ", "branches: [", "on.push.branches: main is in no output"},
		{workflow, "branches: [main, ", "branches: [main, '**', ", "on.push.branches: ** is not in the document"},
		{workflow, "    tags: [v*]", "    tags: [x*]", "push.tags: v* stands in none"},
		{workflow, "    tags: [v*]", "    tags: [v*, '*']", "on.push.tags: * is not in the document"},
		{workflow, "      - global.json\n", "", "paths: global.json"},
		{workflow, "      - .devcontainer/**\n", "", "paths: .devcontainer/** is in no output"},
		{workflow, "      - .github/workflows/devcontainer-registry-cache.yml\n", "", "paths: .github/workflows/devcontainer-registry-cache.yml stands in none"},
		{workflow, "      - NuGet.config\n", "      - NuGet.config\n      - '**'\n", "paths: ** is not in the document"},
		{workflow, "  pull_request:\n", "  pull_request_target:\n  pull_request:\n", "on.pull_request_target:  is not in the document"},
		{workflow, "  pull_request:\n", "  pull_request_target:\n", "on.pull_request_target.paths: global.json is not in the document"},
		{workflow, "workflow_dispatch:", "workflow_call:", "inputs.cache_mode.default: max is in no output"},
		{workflow, "options: [all, linux/amd64, linux/arm64]", "options: [all, linux/amd64]", "inputs.platforms.options: linux/arm64 stands in none"},
		{workflow, "options: [max, min]", "options: [max, min, inline]", "inputs.cache_mode.options: inline is not in the document"},
		{workflow, "    inputs:\n", "    inputs:\n      command:\n        type: string\n", "inputs.command.type: string is not in the document"},
		// What it may do.
		{workflow, "packages: write", "packages: read", "permissions.packages: write stands in none"},
		{workflow, "packages: read", "packages: write", "permissions.packages: read stands in none"},
		{workflow, "contents: read", "contents: write", "permissions.contents: read"},
		{workflow, "permissions: {}", "permissions: write-all", "permissions: write-all is not in the document"},
		{workflow, "permissions: {}", "", "permissions: {} stands in none"},
		{workflow, "      packages: write\n", "      packages: write\n      id-token: write\n", "id-token: write"},
		{workflow, "persist-credentials: false", "persist-credentials: true", "persist-credentials: true is not in the document"},
		{workflow, "          persist-credentials: false # the build context would take the token along\n", "", "persist-credentials: false stands in none"},
		{workflow, "cancel-in-progress: ${{ github.event_name == 'pull_request' }}", "cancel-in-progress: true", "concurrency.cancel-in-progress: true is not in the document"},
		{workflow, "      - name: Check out\n", "      - uses: someone/else@v1\n      - name: Check out\n", "steps[someone/else].uses: v1 is not in the document"},
		{workflow, "docker/login-action@", "docker/login-action@v4 #", "steps[docker/login-action].uses: v4 is not in the document"},
		{workflow, "actions/upload-artifact@", "actions/upload-artifact@v7 #", "steps[actions/upload-artifact].uses: v7 is not in the document"},
		{workflow, "github_token=BUILD_SECRET_GITHUB_TOKEN", "github_token=GITHUB_TOKEN", "with.secret-envs: github_token=BUILD_SECRET_GITHUB_TOKEN stands in none"},
		{workflow, "driver-opts: image=${{ env.BUILDKIT_IMAGE }}", "driver-opts: network=host", "with.driver-opts: image=${{ env.BUILDKIT_IMAGE }} stands in none"},
		{workflow, "    if: needs.plan.outputs.push == 'true'\n", "", "jobs.build.if: needs.plan.outputs.push == 'true' stands in none"},
		{workflow, "submodules: recursive", "submodules: false", "submodules: false is not in the document"},
		{workflow, "fetch-depth: 0", "fetch-depth: 1", "fetch-depth: 1 is not in the document"},
		{workflow, "timeout-minutes: 45", "timeout-minutes: 60", "timeout-minutes: 45 stands in none"},
		{workflow, "username: ${{ github.actor }}", "username: someone", "with.username: someone is not in the document"},
		// Image and cache.
		{workflow, "type=semver,pattern={{major}}.{{minor}}", "type=semver,pattern={{major}}", "with.tags: type=semver,pattern={{major}} is not in the document"},
		{workflow, "            type=ref,event=branch\n", "            type=ref,event=branch\n            type=edge\n", "tags: type=edge is not in the document"},
		{workflow, "IMAGE: ghcr.io/microsoft/aspire-devcontainer\n", "IMAGE: ghcr.io/microsoft/aspire-devcontainer2\n", "IMAGE: ghcr.io/microsoft/aspire-devcontainer stands in none"},
		{workflow, "ghcr.io/microsoft/aspire-devcontainer-cache", "ghcr.io/microsoft/aspire-devcontainer", "aspire-devcontainer-cache stands in none"},
		{workflow, "            type=registry,ref=${{ needs.plan.outputs.cache }}:${{ matrix.arch }}\n", "", "cache-from: type=registry,ref=${{ needs.plan.outputs.cache }}:${{ matrix.arch }} stands in none"},
		{workflow, "          cache-from: |\n", "          cache-from: |\n            type=registry,ref=${{ needs.plan.outputs.image }}:latest\n", "cache-from: type=registry,ref=${{ needs.plan.outputs.image }}:latest is not in the document"},
		{workflow, "'^(main|release/.*)$'", "'^.*$'", "WRITERS_REGISTRY: ^(main|release/.*)$ stands in none"},
		{workflow, "INPUT_PLATFORM: ${{ inputs.platforms }}", "INPUT_PLATFORM: all", "jobs.setup.steps.run: ${{ inputs.platforms }} is in no output"},
		{override, "-cache:arm64", "-cache:arm", "-cache:arm64 stands in none"},
		{override, "      cache_from:\n", "      cache_from:\n        - type=registry,ref=ghcr.io/microsoft/aspire-devcontainer:latest\n", "aspire-devcontainer:latest is not in the document"},
		{builder, "max-parallelism = 4", "max-parallelism = 8", "max-parallelism = 4 is in no output"},
		{builder, "maxUsedSpace = '10GB'", "maxUsedSpace = '10MB'", "maxUsedSpace = '10GB' stands in none"},
		{builder, "all = true\n", "", "all = true stands in none"},
		{builder, "gc = true", "gc = true\ninsecure-entitlements = ['security.insecure']", "insecure-entitlements = ['security.insecure'] is not in the document"},
		// Objectives.
		{workflow, "HIT_RATE: '95'", "HIT_RATE: '70'", "95% cache hit rate is in no output"},
		{workflow, "HIT_RATE: '95'", "HIT_RATE: '950'", "95% cache hit rate is in no output"},
		{workflow, "HIT_RATE_FLOOR: '70'", "HIT_RATE_FLOOR: '7'", "HIT_RATE_FLOOR: 70 stands in none"},
		{workflow, "WARM_SECONDS: '180'", "WARM_SECONDS: '600'", "verify-registry-cache.sh: -lt 180"},
		{workflow, "COLD_SECONDS: '420'", "COLD_SECONDS: '400'", "7+ minute builds for each team member is in no output"},
		{facts, "DEVGEN_HIT_RATE=95", "DEVGEN_HIT_RATE=9", "95% cache hit rate is in no output"},
		{facts, "DEVGEN_WARM_SECONDS=180", "DEVGEN_WARM_SECONDS=1800", "verify-registry-cache.sh: -lt 180 is in no output"},
		{facts, "shared 1610612736", "shared 1610612735", "NuGet packages lost on container rebuild (1.5GB) is in no output"},
		{facts, "project 8589934592", "project 858993459", "size=8g is in no output"},
		{facts, "project 4294967296", "project 0", "-cache.driver_opts.o: size=4g is in no output"},
		{facts, "'pip-cache cache", "'pip cache", "size=500m is in no output"},
		// Traceability.
		{trace, `"owner": "Dev",`, `"owner": "DevOps",`, "ARCH-001 Owner: Dev is in no output"},
		{trace, `"effort": "1 day"`, `"effort": "2 days"`, "PERF-007 Effort: 1 day is in no output"},
		{trace, `"tag": "TAG-ARCH-001"`, `"tag": "TAG-ARCH-002"`, "TAG-ARCH-001 is in no output"},
		// The excuses themselves.
		{docs, "| no effect any more (B-73) |", "| no effect any more |", "cites neither"},
		{docs, "| no effect any more (B-73) |", "| no effect any more (B-99, B-299) |", "docs/defects.md has no B-299"},
		{docs, "| `version: 3.8` | none |", "| `version: 3.8` | |", "want three cells"},
		{docs, "`consistency: delegated`, ", "", "consistency: delegated is in no output"},
		{docs, "`consistency: delegated`", "`consistency: delayed`", "the document has nothing like"},
		{docs, "| no tag trigger |", "| `fetch-depth: 0` |", "fetch-depth: 0 is there after all"},
		{docs, "| no tag trigger |", "| `obj-cache.driver_opts.…` |", "size=8g is there after all"},
		{docs, "(decision: tmpfs)", "(decision: discs)", "there is no decision"},
		{docs, "| `push.tags: v*` |", "| `push.tags: v` |", "push.tags: v stands in none"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			original := text
			if tt.file != docs {
				original = generated[tt.file].text
			}
			for _, changed := range swaps(t, original, tt.old, tt.new) {
				out, deviating := generated, changed
				if tt.file != docs {
					out, deviating = maps.Clone(generated), text
					out[tt.file] = newOutput(t, tt.file, changed)
				}
				rows, problems := deviations(deviating, defects)
				problems = append(problems, hold(t, items, out, rows)...)
				if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.want) }) {
					t.Errorf("not noticed; want %q, got\n%s", tt.want, strings.Join(problems, "\n"))
				}
			}
		})
	}
}

// TestScriptsNotice: each item that a script has is missed when it is taken out of the script and of its libraries.
func TestScriptsNotice(t *testing.T) {
	generated := readOutputs(t)
	taken := 0
	for _, i := range extract(t, readFile(t, "requirements/document.txt")) {
		if i.text == "" || answers[i.name] != nil || !generated.meets(t, i) {
			continue
		}
		taken++
		without := maps.Clone(generated)
		for path, o := range generated {
			o.code = whole(i.words()).ReplaceAllString(o.code, "")
			o.comments = slices.DeleteFunc(slices.Clone(o.comments), func(c string) bool { return strings.Contains(c, i.text) })
			without[path] = o
		}
		want := i.name + " is in no output"
		if problems := hold(t, []item{i}, without, nil); !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, want) }) {
			t.Errorf("%s was taken out, and not missed: %s", i.name, strings.Join(problems, "\n"))
		}
	}
	if taken < 60 {
		t.Errorf("the scripts have only %d items of the document", taken)
	}
}

// swaps are the texts that come of putting new in the place of old, once in each, wherever old is.
func swaps(t *testing.T, text, old, new string) (all []string) {
	t.Helper()
	parts := strings.SplitAfter(text, old)
	if old == "" {
		return []string{new + text}
	}
	for i := range parts[1:] {
		before := strings.TrimSuffix(strings.Join(parts[:i+1], ""), old)
		all = append(all, before+new+strings.Join(parts[i+1:], ""))
	}
	if all == nil {
		t.Fatalf("%q is gone", old)
	}
	return all
}
