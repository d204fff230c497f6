package templates

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const matrix = `[{"platform":"linux/amd64","arch":"amd64","runner":"ubuntu-24.04"},{"platform":"linux/arm64","arch":"arm64","runner":"ubuntu-24.04-arm"}]`

// pushToMain is what the generated workflow hands to the step plan on a push to main.
var pushToMain = map[string]string{
	"EVENT": "push", "REF": "refs/heads/main", "REF_NAME": "main", "BASE_REF": "",
	"REPOSITORY": "microsoft/aspire", "HEAD_REPOSITORY": "", "ACTOR": "ann", "CRON": "",
	"HOME_REPOSITORY": "microsoft/aspire", "DEFAULT_BRANCH": "main",
	"IMAGE": "ghcr.io/microsoft/aspire-devcontainer", "CACHE": "ghcr.io/microsoft/aspire-devcontainer-cache",
	"FORK_IMAGE": "", "HAS_LOGIN": "true", "REFRESH": "43 3 * * 1\n", "PLATFORMS": matrix,
	"WRITERS_REGISTRY": "^(main|release/.*)$",
	"INPUT_PLATFORM":   "", "INPUT_CACHE_MODE": "", "INPUT_NO_CACHE": "",
}

// onMain is what comes of it.
var onMain = []string{
	"image=ghcr.io/microsoft/aspire-devcontainer",
	"cache=ghcr.io/microsoft/aspire-devcontainer-cache",
	"push=true",
	"publish=true",
	"login=true",
	"matrix=" + matrix,
	"cache_mode=",
	"no_cache=false",
	"enforce=false",
	"write_registry=true",
	"suffix_registry=",
}

// with is base with other values.
func with(base, changes map[string]string) map[string]string {
	env := maps.Clone(base)
	maps.Copy(env, changes)
	return env
}

// branch is a push to another branch.
func branch(name string) map[string]string {
	return map[string]string{"REF": "refs/heads/" + name, "REF_NAME": name}
}

// pull is a pull request to a branch, from a repository.
func pull(base, from string) map[string]string {
	return map[string]string{
		"EVENT": "pull_request", "REF": "refs/pull/7/merge", "REF_NAME": "7/merge", "BASE_REF": base, "HEAD_REPOSITORY": from,
	}
}

func schedule(cron string) map[string]string {
	return map[string]string{"EVENT": "schedule", "CRON": cron}
}

// dispatch is a run by hand with one of its choices.
func dispatch(input, value string) map[string]string {
	return map[string]string{
		"EVENT": "workflow_dispatch", "INPUT_PLATFORM": "all", "INPUT_CACHE_MODE": "max", "INPUT_NO_CACHE": "false", input: value,
	}
}

// plan runs the step in a folder of its own: a command that got out would leave a file there.
func plan(t *testing.T, env map[string]string) (result, []string, string) {
	t.Helper()
	needs(t, "bash", "jq")
	dir, output := t.TempDir(), filepath.Join(t.TempDir(), "output")
	r := runStep(t, "plan", script{dir: dir, env: with(env, map[string]string{"GITHUB_OUTPUT": output})})
	return r, strings.Split(strings.TrimSuffix(contents(t, output), "\n"), "\n"), dir
}

// bucket is a cache that needs secrets, which are set or not.
func bucket(set string) map[string]string {
	return map[string]string{"WRITERS_S3": "^(main)$", "HAS_S3": set}
}

// changed is onMain with some lines in place of those that begin alike; a line of a new name goes to the end.
func changed(lines ...string) []string {
	all := append([]string(nil), onMain...)
next:
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		for i := range all {
			if strings.HasPrefix(all[i], name+"=") {
				all[i] = line
				continue next
			}
		}
		all = append(all, line)
	}
	return all
}

func TestPlan(t *testing.T) {
	amd64 := matrix[:strings.Index(matrix, ",{")] + "]"
	fork := func(image string) map[string]string {
		return map[string]string{"REPOSITORY": "Me/aspire", "FORK_IMAGE": image}
	}
	const nothing, foreign = "push=false publish=false write_registry=false", "push=false publish=false login=false write_registry=false"
	for _, row := range []struct {
		name string
		env  map[string]string
		want string // the lines that differ from a push to main
	}{
		{"push to main", nil, ""},
		{"push to a writer", branch("release/9.0"), "suffix_registry=-release-9.0"},
		{"push to a nested writer in mixed case", branch("release/Team_A/9.0"), "suffix_registry=-release-team_a-9.0-fe944ef8"}, // not that of release/team_a/9.0

		{"push to a writer with a long name", branch("release/" + strings.Repeat("x", 200)), "suffix_registry=-release-" + strings.Repeat("x", 72) + "-6fb58ada"},
		{"push to a writer whose name is another one's slug", with(branch("release-9.0"), map[string]string{"WRITERS_REGISTRY": "^(main|release.*)$"}), "write_registry=true suffix_registry=-release-9.0-6bf07ac7"},
		{"push to another branch", branch("feature/a/b"), "write_registry=false"},
		{"push to a branch that begins like main", branch("mainx"), "write_registry=false"},
		{"a repository in upper case", map[string]string{"REPOSITORY": "Microsoft/Aspire"}, ""},
		{"another repository", map[string]string{"REPOSITORY": "me/aspire"}, nothing},
		{"a fork with an image", fork("ghcr.io/Me/My-Image"), "image=ghcr.io/me/my-image cache=ghcr.io/me/my-image-cache"},
		{"a fork with an image, another branch", with(fork("ghcr.io/me/x"), branch("feature/a")), "image=ghcr.io/me/x cache=ghcr.io/me/x-cache write_registry=false"},
		{"the fork's image says nothing at home", map[string]string{"FORK_IMAGE": "ghcr.io/me/x"}, ""},
		{"pull request", pull("main", "microsoft/aspire"), nothing},
		{"pull request from a fork", pull("main", "me/aspire"), foreign},
		{"pull request from a repository that is gone", pull("main", ""), foreign},
		{"push of Dependabot", with(branch("dependabot/npm/x"), map[string]string{"ACTOR": "dependabot[bot]"}), foreign},
		{"a schedule that Dependabot changed last", with(schedule("17 2 * * *"), map[string]string{"ACTOR": "dependabot[bot]"}), "enforce=true"},
		{"a schedule of a fork", with(schedule("17 2 * * *"), map[string]string{"REPOSITORY": "me/aspire"}), nothing},
		{"pull request of Dependabot", with(pull("main", "microsoft/aspire"), map[string]string{"ACTOR": "dependabot[bot]"}), foreign},
		{"pull request to a writer reads its cache", pull("release/9.0", "microsoft/aspire"), nothing + " suffix_registry=-release-9.0"},
		{"pull request to another branch", pull("feature/a", "microsoft/aspire"), nothing},
		{"tag", map[string]string{"REF": "refs/tags/v1.2.3", "REF_NAME": "v1.2.3"}, "write_registry=false"},
		{"a tag called like a writer", map[string]string{"REF": "refs/tags/main", "REF_NAME": "main"}, "write_registry=false"},
		{"schedule, warm", schedule("17 2 * * *"), "enforce=true"},
		{"schedule, refresh", schedule("43 3 * * 1"), "no_cache=true"},
		{"schedule that only contains the refresh", schedule("3 * * 1"), "enforce=true"},
		{"by hand, all", dispatch("INPUT_PLATFORM", "all"), "cache_mode=max"},
		{"by hand, one platform", dispatch("INPUT_PLATFORM", "linux/amd64"), "cache_mode=max publish=false matrix=" + amd64},
		{"by hand, without the cache", dispatch("INPUT_NO_CACHE", "true"), "cache_mode=max no_cache=true"},
		{"by hand, less cache", dispatch("INPUT_CACHE_MODE", "min"), "cache_mode=min"},
		{"no secret, and nothing to push", with(pull("main", "microsoft/aspire"), map[string]string{"HAS_LOGIN": "false"}), nothing + " login=false"},
		{"no registry cache", map[string]string{"CACHE": ""}, "cache="},
		{"a cache with credentials", bucket("true"), "read_s3=true write_s3=true suffix_s3="},
		{"a cache with credentials, pull request", with(bucket("true"), pull("main", "microsoft/aspire")), nothing + " read_s3=true write_s3=false suffix_s3="},
		{"a cache with credentials, pull request from a fork", with(bucket("true"), pull("main", "me/aspire")), foreign + " read_s3=false write_s3=false suffix_s3="},
		{"a cache whose credentials are not set", bucket("false"), "read_s3=false write_s3=false suffix_s3="},
		{"a cache whose credentials a fork with an image lacks", with(fork("ghcr.io/me/x"), bucket("false")), "image=ghcr.io/me/x cache=ghcr.io/me/x-cache read_s3=false write_s3=false suffix_s3="},
		{"no schedule refreshes", with(schedule("17 2 * * *"), map[string]string{"REFRESH": ""}), "enforce=true"},
		{"a backend with other writers, on one of them", with(branch("dev"), map[string]string{"WRITERS_GHA": "^(dev)$"}), "write_gha=true suffix_gha=-dev write_registry=false"},
		{"a backend with other writers", map[string]string{"WRITERS_GHA": "^(dev)$"}, "write_gha=false suffix_gha="},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r, got, _ := plan(t, with(pushToMain, row.env))
			r.succeeds(t)
			want := changed(strings.Fields(row.want)...)
			slices.Sort(got) // nobody reads them in an order
			slices.Sort(want)
			equal(t, "GITHUB_OUTPUT", got, want)
		})
	}
}

// A cache that is left out is told where it would have been written; a pull request is not bothered.
func TestPlanTellsMissingCredentials(t *testing.T) {
	unset := with(pushToMain, bucket("false"))
	for _, row := range []struct {
		name string
		env  map[string]string
		want int
	}{
		{"push", unset, 1},
		{"pull request", with(unset, pull("main", "me/aspire")), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _, _ := plan(t, row.env)
			r.succeeds(t)
			equal(t, "warnings", strings.Count(r.stdout, "::warning title=Cache::the secrets of the cache s3 are not set; it is left out"), row.want)
		})
	}
}

// Values that nobody should send must end the run: not be executed, and not become further outputs.
func TestPlanRefuses(t *testing.T) {
	fork := func(image string) map[string]string {
		return map[string]string{"REPOSITORY": "me/aspire", "FORK_IMAGE": image}
	}
	const malformed = "the variable for the fork's image must look like ghcr.io/owner/name"
	const platform, mode = "is not a platform of the spec", "the cache mode must be min or max"
	for _, row := range []struct {
		name    string
		env     map[string]string
		message string
	}{
		{"a fork's image in another registry", fork("docker.io/me/x"), malformed},
		{"a registry that only begins alike", fork("ghcr.io.evil.example/me/x"), malformed},
		{"a registry with another character for the dot", fork("ghcrxio/me/x"), malformed},
		{"a fork's image without a registry", fork("me/x"), malformed},
		{"a fork's image without a name", fork("ghcr.io/"), malformed},
		{"a fork's image with a tag", fork("ghcr.io/me/x:latest"), malformed},
		{"a fork's image with an option", fork("ghcr.io/me/x,push=true"), malformed},
		{"a fork's image with a blank", fork("ghcr.io/me/x y"), malformed},
		{"a fork's image of two lines", fork("ghcr.io/me/x\npush=true"), malformed},
		{"a fork's image that no registry takes", fork("ghcr.io/me/a..b"), malformed},
		{"an unknown platform", dispatch("INPUT_PLATFORM", "linux/386"), platform},
		{"a platform that runs a command", dispatch("INPUT_PLATFORM", "$(touch pwned)"), platform},
		{"a platform that leaves its quotes", dispatch("INPUT_PLATFORM", `"; touch pwned; "`), platform},
		{"a platform that leaves its filter", dispatch("INPUT_PLATFORM", `" or true or "`), platform},
		{"a platform in backticks", dispatch("INPUT_PLATFORM", "`touch pwned`"), platform},
		{"a platform of two lines", dispatch("INPUT_PLATFORM", "linux/amd64\npush=true"), platform},
		{"an unknown cache mode", dispatch("INPUT_CACHE_MODE", "inline"), mode},
		{"a cache mode that runs a command", dispatch("INPUT_CACHE_MODE", "$(touch pwned)"), mode},
		{"a cache mode that leaves its quotes", dispatch("INPUT_CACHE_MODE", `"; touch pwned`), mode},
		{"a cache mode that is a pattern", dispatch("INPUT_CACHE_MODE", "m*"), mode},
		{"a cache mode of two lines", dispatch("INPUT_CACHE_MODE", "max\npush=true"), mode},
		{"a switch that is none", dispatch("INPUT_NO_CACHE", "$(touch pwned)"), "true or false"},
		{"a switch of two lines", dispatch("INPUT_NO_CACHE", "false\ntrusted=true"), "true or false"},
		{"no secret", map[string]string{"HAS_LOGIN": "false"}, "the secret for the registry is not set"},
		{"a secret of several lines", map[string]string{"SPREAD_LOGIN": "true"}, "store it in one line"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r, output, dir := plan(t, with(pushToMain, row.env))
			r.fails(t, 1, "::error::", row.message)
			equal(t, "GITHUB_OUTPUT", output, []string{""})
			if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
				t.Error("the value was executed")
			}
		})
	}
}

// What a branch is called is its author's business, and its name goes through the shell.
func TestPlanWithHostileBranches(t *testing.T) {
	for _, name := range []string{"release/$(touch${IFS}pwned)", "release/`id`", "release/;id", "release/a'b", "release/*", "release/-n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, output, dir := plan(t, with(pushToMain, branch(name)))
			r.succeeds(t)
			suffix := output[len(output)-1]
			if strings.Trim(strings.TrimPrefix(suffix, "suffix_registry=-"), "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
				t.Errorf("%s cannot be part of a tag", suffix)
			}
			if names := listing(t, dir); names != nil {
				t.Errorf("it left %q", names)
			}
		})
	}
}
