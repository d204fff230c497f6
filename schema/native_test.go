package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func number(literal string) Value { return Value{Kind: Number, Scalar: literal} }

// Native keys keep their order, at every depth, and their kinds.
func TestNativeOrderAndKinds(t *testing.T) {
	spec := accept(t, map[string]string{"spec.cue": minimal + `
devcontainer: {
	z: "text", a: true, m: null
	"10": "ten", "9": "nine", "with blank": {}
	list: [3, "x", [], {y: 1, b: false}]
	_mine: 1
	#Mine: 2
	absent?: 3
	computed: "\(name)-\(a)"
}
services: {web: {ports: [80], image: "w"}, db: image: "d"}
`})
	object := func(fields ...Field) Value { return Value{Kind: Object, Fields: fields} }
	yes, no := Value{Kind: Bool, Scalar: "true"}, Value{Kind: Bool, Scalar: "false"}
	want := object(
		Field{"z", StringValue("text")}, Field{"a", yes}, Field{"m", Value{Kind: Null}},
		Field{"10", StringValue("ten")}, Field{"9", StringValue("nine")}, Field{"with blank", object()},
		Field{"list", Value{Kind: List, Items: []Value{
			number("3"), StringValue("x"), {Kind: List}, object(Field{"y", number("1")}, Field{"b", no}),
		}}},
		Field{"computed", StringValue("x-true")},
	)
	if diff := cmp.Diff(want, spec.Devcontainer); diff != "" {
		t.Errorf("devcontainer (-want +got):\n%s", diff)
	}
	services := []Service{
		{"web", object(Field{"ports", Value{Kind: List, Items: []Value{number("80")}}}, Field{"image", StringValue("w")})},
		{"db", object(Field{"image", StringValue("d")})},
	}
	if diff := cmp.Diff(services, spec.Services); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
}

// A number comes out as it went in: 1.0 is a version to somebody, and no integer may lose digits.
func TestNativeNumbers(t *testing.T) {
	for _, c := range []struct{ name, cue, json, yaml, want string }{
		{"integer", "8", "8", "8", "8"},
		{"negative", "-8", "-8", "-8", "-8"},
		{"fraction", "1.0", "1.0", "1.0", "1.0"},
		{"trailing zeros", "1.50", "1.50", "1.50", "1.50"},
		{"exponent", "1e3", "1e3", "", "1e3"},
		{"big integer", "123456789012345678901234567890", "123456789012345678901234567890", "123456789012345678901234567890", "123456789012345678901234567890"},
		{"beyond 2^53", "9007199254740993", "9007199254740993", "9007199254740993", "9007199254740993"},
		{"small", "0.0000001", "0.0000001", "0.0000001", "0.0000001"},
		// What JSON cannot write becomes the number that it is.
		{"hexadecimal", "0x10", "", "0x10", "16"},
		{"underscore", "1_000", "", "", "1000"},
		{"multiplier", "2Ki", "", "", "2048"},
		{"computed", "2*21", "", "", "42"},
	} {
		for file, text := range map[string]string{
			"spec.cue":  minimal + "devcontainer: n: " + c.cue,
			"spec.json": `{"name":"x","image":{"base":"debian:12"},"platforms":{"linux/amd64":{}},"devcontainer":{"n":` + c.json + `}}`,
			"spec.yaml": "name: x\nimage: {base: \"debian:12\"}\nplatforms: {linux/amd64: {}}\ndevcontainer: {n: " + c.yaml + "}",
		} {
			if file == "spec.json" && c.json == "" || file == "spec.yaml" && c.yaml == "" {
				continue
			}
			t.Run(c.name+"/"+file, func(t *testing.T) {
				spec := accept(t, map[string]string{file: text})
				if diff := cmp.Diff(number(c.want), *spec.Devcontainer.Get("n")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestValueGet(t *testing.T) {
	v := Value{Kind: Object, Fields: []Field{{"a", StringValue("1")}, {"b", StringList("x", "y")}}}
	if got := v.Get("b"); got == nil || got.Kind != List || len(got.Items) != 2 {
		t.Errorf("Get(b) = %v", got)
	}
	if got := v.Get("c"); got != nil {
		t.Errorf("Get(c) = %v, want nil", got)
	}
	v.Get("a").Scalar = "2" // the field itself, no copy
	if got := v.Fields[0].Value.Scalar; got != "2" {
		t.Errorf("a = %s after setting it to 2", got)
	}
	if got := StringValue("x").Get("x"); got != nil {
		t.Errorf("a string has a field: %v", got)
	}
}

func TestCheckDevcontainer(t *testing.T) {
	const good = `"dockerComposeFile": "docker-compose.yml", "service": "dev", "workspaceFolder": "/w"`
	for _, c := range []struct {
		name, keys string
		want       []Mismatch
	}{
		{"the least", ``, nil},
		{"unknown keys pass", `, "somethingNew": {"deep": [1]}, "portsAttributes": {"3000": {"new": true}}`, nil},
		{"known keys", `, "features": {"ghcr.io/a/b:1": {"version": "1.0"}}, "forwardPorts": [3000, "db:5432"],
			"hostRequirements": {"cpus": 8, "memory": "32gb", "gpu": "optional"}, "remoteEnv": {"A": "x", "B": null},
			"customizations": {"vscode": {"extensions": ["a.b"]}}, "waitFor": "onCreateCommand"`, nil},
		{"commands", `, "onCreateCommand": "make", "postCreateCommand": ["make", "all"], "postStartCommand": {"a": "x", "b": ["y", "z"]}`, nil},
		{"mounts", `, "mounts": ["source=a,target=/a,type=volume", {"type": "bind", "source": "/a", "target": "/b"}]`, nil},
		{"a mark of the byte order", `, "\ufeffx": "a\ufeffb"`, nil},
		{"a bool in quotes", `, "init": "true"`, []Mismatch{{[]string{"init"}, `"true" is not allowed; want true or false`}}},
		{"cpus in quotes", `, "hostRequirements": {"cpus": "8"}`, []Mismatch{{[]string{"hostRequirements", "cpus"}, `"8" is not allowed; want a whole number`}}},
		{"an amount", `, "hostRequirements": {"memory": "32 GB"}`, []Mismatch{{[]string{"hostRequirements", "memory"}, `"32 GB" is not allowed; want an amount such as "8gb"`}}},
		{"a choice", `, "waitFor": "onCreateComand"`, []Mismatch{{[]string{"waitFor"},
			`"onCreateComand" is not allowed; want "initializeCommand", "onCreateCommand", "postCreateCommand", "postStartCommand" or "updateContentCommand" (did you mean "onCreateCommand"?)`}}},
		{"a port", `, "forwardPorts": [3000, 70000]`, []Mismatch{{[]string{"forwardPorts", "1"}, `70000 is not allowed; want a port such as 3000 or "db:5432"`}}},
		{"below a free key", `, "portsAttributes": {"3000": {"protocol": "ftp"}}`, []Mismatch{{[]string{"portsAttributes", "3000", "protocol"}, `"ftp" is not allowed; want "http" or "https"`}}},
		{"a variable", `, "containerEnv": {"A": 1}`, []Mismatch{{[]string{"containerEnv", "A"}, `1 is not allowed; want a string`}}},
		{"a command", `, "onCreateCommand": 3`, []Mismatch{{[]string{"onCreateCommand"}, `3 is not allowed; want a list, a string or a group of fields`}}},
		{"a feature list", `, "features": ["a"]`, []Mismatch{{[]string{"features"}, `["a"] is not allowed; want a group of fields`}}},
		{"two at once", `, "init": 1, "privileged": 2`, []Mismatch{
			{[]string{"init"}, `1 is not allowed; want true or false`}, {[]string{"privileged"}, `2 is not allowed; want true or false`}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := CheckDevcontainer([]byte("{" + good + c.keys + "}"))
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// The keys that make a devcontainer.json one of compose must be there.
func TestCheckDevcontainerRequired(t *testing.T) {
	got, err := CheckDevcontainer([]byte(`{"service": "dev"}`))
	want := []Mismatch{{[]string{}, `missing required field "dockerComposeFile"`}, {[]string{}, `missing required field "workspaceFolder"`}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestCheckDevcontainerNoJSON(t *testing.T) {
	for _, text := range []string{"", "{", "{// comment\n}", `{"a": 1,}`} {
		if got, err := CheckDevcontainer([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
