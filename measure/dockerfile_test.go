package measure

import (
	"strings"
	"testing"
)

func dockerfile(t testing.TB, text string) *Dockerfile {
	t.Helper()
	d, err := ParseDockerfile(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRecordedLines holds the lines of every step of real builds: each is where its instruction stands.
func TestRecordedLines(t *testing.T) {
	for _, row := range []struct {
		record, dockerfile string
		lines              map[string]int // of some
	}{
		{"padded-cold.json", "Dockerfile.padded", map[string]int{
			"[tools 2/4] RUN echo 1 >/1": 2, "[dev  1/11] COPY a.txt /a": 6, "[dev  3/11] RUN   echo 4   >/4": 8,
			"[dev  4/11] RUN <<EOF (echo 5 >/5...)": 12, "[dev  5/11] COPY --from=tools /1 /one": 16, "[dev 11/11] RUN echo 10 >/10": 22,
		}},
		{"platforms.json", "Dockerfile.platforms", map[string]int{"[linux/arm64 base 1/1] COPY arm64.txt /a": 3, "[linux/amd64 stage-1 2/2] COPY a.txt /src/amd64": 7}},
		{"link.json", "Dockerfile.link", map[string]int{"[2/3] COPY --link a.txt /a": 2, "[3/3] RUN echo 1": 3}},
		{"root.json", "Dockerfile.root", map[string]int{"[ 2/11] RUN true rva": 3, "[ 4/11] RUN true rvc": 7, "[ 5/11] WORKDIR sub/": 8, "[ 7/11] RUN true rve": 11}},
		{"failed.json", "Dockerfile.failed", map[string]int{"[2/4] RUN echo fine >/fine": 2, "[4/4] RUN echo never >/never": 4}},
	} {
		t.Run(row.record, func(t *testing.T) {
			text := contents(t, "testdata/"+row.dockerfile)
			d, told := dockerfile(t, text), strings.Split(text, "\n")
			for _, s := range read(t, contents(t, "testdata/"+row.record)).Steps {
				line := d.Line(s.Name)
				if line == 0 {
					t.Errorf("no line for %s", s.Name)
					continue
				}
				instruction, _, _ := strings.Cut(told[line-1], " ")
				if !strings.Contains(s.Name, "] "+instruction+" ") {
					t.Errorf("%s is said to stand at line %d: %s", s.Name, line, told[line-1])
				}
				if want, ok := row.lines[s.Name]; ok && line != want {
					t.Errorf("%s is said to stand at line %d, want %d", s.Name, line, want)
				}
			}
		})
	}
	// The base image adds two steps, so that the numbers are not those of the file.
	d := dockerfile(t, contents(t, "testdata/Dockerfile.onbuild"))
	for _, s := range read(t, contents(t, "testdata/onbuild.json")).Steps {
		if line := d.Line(s.Name); line != 0 {
			t.Errorf("%s is said to stand at line %d", s.Name, line)
		}
	}
}

func TestLine(t *testing.T) {
	for _, row := range []struct {
		name, dockerfile string
		lines            map[string]int
	}{
		{"one stage", "FROM a\nRUN b\n", map[string]int{"[2/2] RUN b": 2, "[1/2] RUN b": 0, "[3/2] RUN b": 0, "[0/2] RUN b": 0, "[2/3] RUN b": 0, "[2/2] COPY b": 0, "b": 0, "[99999999999999999999/2] RUN b": 0}},
		{"one stage with a name", "FROM a AS dev\nRUN b\n", map[string]int{"[2/2] RUN b": 2, "[dev 2/2] RUN b": 0}},
		{"unnamed stages", "FROM a\nRUN b\nFROM c\nRUN d\n", map[string]int{"[stage-0 2/2] RUN b": 2, "[stage-1 2/2] RUN d": 4, "[2/2] RUN d": 0}},
		{"upon a stage", "FROM a AS Base\nFROM base AS dev\nRUN b\n", map[string]int{"[dev 1/1] RUN b": 3, "[dev 2/2] RUN b": 0}},
		{"upon a stage, cased otherwise", "FROM a AS base\nFROM Base AS dev\nRUN b\n", map[string]int{"[dev 2/2] RUN b": 3}},
		{"the name that BuildKit gives is none to build upon", "FROM a\nFROM stage-0\nRUN b\n", map[string]int{"[stage-1 2/2] RUN b": 3}},
		{"upon nothing", "FROM scratch\nCOPY a b\n", map[string]int{"[1/1] COPY a b": 2}},
		{"a base that is not known", "ARG BASE=a\nFROM a AS x\nFROM $BASE AS dev\nRUN b\nRUN c\n", map[string]int{"[dev 2/3] RUN b": 4, "[dev 1/2] RUN b": 4, "[dev 2/2] RUN c": 5, "[dev 3/4] RUN b": 0}},
		{"a platform", "FROM --platform=$BUILDPLATFORM a AS dev\nRUN b\nFROM dev\nRUN c\n", map[string]int{"[linux/amd64 dev 2/2] RUN b": 2, "[linux/amd64->arm64 stage-1 1/1] RUN c": 4}},
		{"several platforms, one stage", "FROM a\nRUN b\n", map[string]int{"[linux/arm/v7 2/2] RUN b": 2}},
		{"a target of bake", "FROM a AS app\nRUN b\nFROM a AS dev\nRUN c\n", map[string]int{"[app dev 2/2] RUN c": 4, "[app linux/amd64 dev 2/2] RUN c": 4, "[dev app 2/2] RUN b": 2}},
		{"what is not counted", "# a\nARG x\nFROM a\nENV a=b\nUSER c\nONBUILD RUN d\nLABEL e=f\nEXPOSE 1\nrun g\nCMD h\nWorkdir /i\n", map[string]int{"[2/3] RUN g": 9, "[3/3] WORKDIR /i": 11}},
		{"no layer for the root", "FROM a\nWORKDIR /\nRUN b\nWORKDIR /..\nRUN c\n", map[string]int{"[2/5] RUN b": 3, "[3/5] RUN c": 5, "[4/5] RUN c": 0}},
		{"a folder of its own", "FROM a\nWORKDIR b\nWORKDIR $c\nWORKDIR d\nRUN e\n", map[string]int{"[2/5] WORKDIR b": 2, "[3/5] WORKDIR c": 3, "[4/5] WORKDIR d": 4, "[5/5] RUN e": 5}},
		{"up from nobody knows where", "FROM a\nRUN b\nWORKDIR ..\nRUN c\n", map[string]int{"[2/4] RUN b": 2, "[3/4] RUN c": 0, "[4/4] RUN c": 0}},
		{"lines that go on", "FROM a\nRUN b \\\n\n  # a comment\n  c\nRUN d\n", map[string]int{"[2/3] RUN b   c": 2, "[3/3] RUN d": 6}},
		{"another escape", "# escape=`\nFROM a\nRUN b `\n  c \\\nRUN d\n", map[string]int{"[2/3] RUN b   c \\": 3, "[3/3] RUN d": 5}},
		{"documents", "FROM a\nRUN <<A <<-\"B\"\nRUN x\nA\n\tRUN y\n\tB\nCOPY <<E /f\nRUN z\nE\nRUN b\n", map[string]int{"[2/4] RUN <<A <<-\"B\" (RUN x...)": 2, "[3/4] COPY <<E /f": 7, "[4/4] RUN b": 10}},
		{"a stage that is there twice", "FROM a AS x\nRUN b\nFROM a AS x\nRUN c\n", map[string]int{"[x 2/2] RUN c": 4}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := dockerfile(t, row.dockerfile)
			for step, want := range row.lines {
				if got := d.Line(step); got != want {
					t.Errorf("%s: line %d, want %d", step, got, want)
				}
			}
		})
	}
}

func TestDockerfileRefuses(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "a document without end": "FROM a\nRUN <<E\nb\n", "comments": "# a\n# b\n", "no stage": "name: \"app\"\n"} {
		if d, err := ParseDockerfile(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// FuzzDockerfile holds that no file breaks the reader, and that a line is one of the file.
func FuzzDockerfile(f *testing.F) {
	for _, name := range []string{"failed", "link", "onbuild", "padded", "platforms", "slow"} {
		f.Add(contents(f, "testdata/Dockerfile."+name), "[dev  4/11] RUN x")
	}
	f.Add("FROM\nRUN\nWORKDIR\nFROM a AS\nFROM a AS b c\n", "[b 1/1] RUN a")
	f.Fuzz(func(t *testing.T, text, step string) {
		d, err := ParseDockerfile(strings.NewReader(text))
		if err != nil {
			return
		}
		if line := d.Line(step); line < 0 || line > 1+strings.Count(text, "\n") {
			t.Errorf("line %d", line)
		}
	})
}
