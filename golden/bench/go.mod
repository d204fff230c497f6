// A module of its own: users of devgen do without what its measurement needs.
module github.com/devgen/devgen/golden/bench

go 1.26.0

require go.yaml.in/yaml/v3 v3.0.4
