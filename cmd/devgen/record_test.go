package main

import "testing"

// TestPlainly holds that a last line of docker that helps nobody is put into words: those of docker 28 and of an older one
// without buildx, and of Docker's engine 20.10 as a builder.
func TestPlainly(t *testing.T) {
	const instead = "; build with docker buildx build --progress rawjson, and name the file that its stderr goes to"
	const unknown = "docker does not know the command, since buildx is missing or too old" + instead
	for _, row := range []struct{ name, stderr, want string }{
		{"no buildx", "unknown flag: --format\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n", unknown},
		{"no buildx, an older docker", "docker: 'buildx' is not a docker command.\nSee 'docker --help'\n", unknown},
		{"no history", "ERROR: rpc error: code = Unimplemented desc = unknown method ListenBuildHistory for service moby.buildkit.v1.Control\n",
			"the builder keeps no history" + instead},
		{"another reason", "WARNING: x\nERROR: no builder \"mine\" found\n", `no builder "mine" found`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := plainly(tail(row.stderr).line()); got != row.want {
				t.Errorf("%s\nwant %s", got, row.want)
			}
		})
	}
}

// TestReferences holds that a build is found by each name that docker has for it.
func TestReferences(t *testing.T) {
	for _, row := range []struct{ builder, ref, wantBuilder, wantRef string }{
		{"", "8vvsbpvshx8fh1z8aagaxaq9y", "", "8vvsbpvshx8fh1z8aagaxaq9y"},
		{"mine", "8vvsbpvshx8fh1z8aagaxaq9y", "mine", "8vvsbpvshx8fh1z8aagaxaq9y"},
		{"", "^1", "", "^1"},
		{"", "other/other0/8vvsbpvshx8fh1z8aagaxaq9y", "other", "8vvsbpvshx8fh1z8aagaxaq9y"},
		{"mine", "other/other0/8vvsbpvshx8fh1z8aagaxaq9y", "mine", "8vvsbpvshx8fh1z8aagaxaq9y"},
	} {
		h, ref := history{builder: row.builder}.of(row.ref)
		if h.builder != row.wantBuilder || ref != row.wantRef {
			t.Errorf("--builder %q --build %s: %s of %q, want %s of %q", row.builder, row.ref, ref, h.builder, row.wantRef, row.wantBuilder)
		}
	}
}
