package schema

// A Spec is an accepted devcontainer.cue with every default of schema.cue filled in. Maps of the language are
// slices here, in the user's order. What a field means is told in schema.cue.
type Spec struct {
	Name         string
	Workspace    string
	User         User
	Requirements []Requirement
	Image        Image
	Platforms    []Platform
	Caches       *Caches // nil: not said
	Tags         *Tags   // nil: not said
	Volumes      []Volume
	Mounts       []Mount
	BuildKit     BuildKit
	Workflow     *Workflow // nil: no workflow
	Drift        *Drift    // nil: no drift workflow
	Objectives   Objectives
	Devcontainer Value // an Object
	Services     []Service
	Outputs      []Output
	Lint         Lint

	File   string // the file that was loaded, as the user named it
	Copied bool   // the language that it imports lies at CopyPath, in a copy that devgen wrote
	places *places
	origin origin
	out    cut // what was taken out of it
}

// Pos is the place of the field at path in the user's files, or of the closest field around it.
func (s *Spec) Pos(path ...string) Pos {
	if at := s.places.find(path); at.IsValid() {
		return at
	}
	return Pos{File: s.File, Line: 1, Col: 1}
}

// Problem is an error at path.
func (s *Spec) Problem(text string, path ...string) Problem {
	return Problem{Pos: s.Pos(path...), Path: PathString(path), Text: text}
}

// User is #User.
type User struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	Home string `json:"home"`
}

// Requirement is #Requirement.
type Requirement struct {
	ID        string   `json:"-"`
	Title     string   `json:"title"`
	Covers    []string `json:"covers"`
	Priority  string   `json:"priority"`
	Sprint    *int     `json:"sprint"`
	Effort    string   `json:"effort"`
	Owner     string   `json:"owner"`
	Debt      string   `json:"debt"`
	Reference string   `json:"reference"`
}

// Image is #Image.
type Image struct {
	Registry   string   `json:"registry"`
	Repository string   `json:"repository"`
	Base       string   `json:"base"`
	Dockerfile string   `json:"dockerfile"`
	Context    string   `json:"context"`
	Target     string   `json:"target"`
	Args       []Arg    `json:"-"`
	Secrets    []Secret `json:"-"`
	Login      *Login   `json:"login"`
	Provenance string   `json:"provenance"`
}

// Arg is one build argument.
type Arg struct{ Name, Value string }

// Secret is #Secret.
type Secret struct {
	ID  string `json:"-"`
	Env string `json:"env"`
}

// Login is #Login.
type Login struct {
	Username string `json:"username"`
	Secret   string `json:"secret"`
}

// Platform is #Build with its key. No Runner: the platform's own.
type Platform struct {
	Name     string   // linux/arm64
	Runner   []string // labels
	Emulated bool
}

// Caches is #Caches. A nil backend is not used.
type Caches struct {
	Registry *RegistryCache `json:"registry"`
	GHA      *GHACache      `json:"gha"`
	S3       *S3Cache       `json:"s3"`
	AzBlob   *AzBlobCache   `json:"azblob"`
	Local    *LocalCache    `json:"local"`
	Inline   *InlineCache   `json:"inline"`
}

// RegistryCache is #Caches.registry.
type RegistryCache struct {
	Writers     []string `json:"writers"`
	Mode        string   `json:"mode"`
	Compression string   `json:"compression"`
	Repository  string   `json:"repository"`
}

// GHACache is #Caches.gha.
type GHACache struct {
	Writers []string `json:"writers"`
	Mode    string   `json:"mode"`
	Scope   string   `json:"scope"`
}

// S3Cache is #Caches.s3.
type S3Cache struct {
	Writers   []string `json:"writers"`
	Mode      string   `json:"mode"`
	Bucket    string   `json:"bucket"`
	Region    string   `json:"region"`
	Prefix    string   `json:"prefix"`
	Endpoint  string   `json:"endpoint"`
	AccessKey string   `json:"accessKey"`
	SecretKey string   `json:"secretKey"`
}

// AzBlobCache is #Caches.azblob.
type AzBlobCache struct {
	Writers     []string `json:"writers"`
	Mode        string   `json:"mode"`
	Account     string   `json:"account"`
	AccountName string   `json:"accountName"`
	Container   string   `json:"container"`
	Prefix      string   `json:"prefix"`
	Key         string   `json:"key"`
}

// LocalCache is #Caches.local.
type LocalCache struct {
	Writers []string `json:"writers"`
	Mode    string   `json:"mode"`
}

// InlineCache is #Caches.inline.
type InlineCache struct{}

// Tags is #Tags. A nil rule is not used.
type Tags struct {
	Branch *struct{} `json:"branch"`
	Semver *Semver   `json:"semver"`
	SHA    *struct{} `json:"sha"`
	Date   *struct{} `json:"date"`
	Latest *struct{} `json:"latest"`
	Fixed  []string  `json:"fixed"`
	Order  []string  `json:"-"` // the rules in the order in which they were written
}

// Semver is #Tags.semver.
type Semver struct {
	Patterns []string `json:"patterns"`
}

// Volume is #Volume.
type Volume struct {
	Name        string `json:"-"`
	Target      string `json:"target"`
	Persistence string `json:"persistence"`
	Backing     string `json:"backing"`
	Scope       string `json:"scope"` // "" is not said
	Size        string `json:"size"`
	Group       string `json:"group"`
	History     string `json:"history"`
}

// Mount is #Mount.
type Mount struct {
	Name     string `json:"-"`
	Source   string `json:"source"`
	Target   string `json:"target"`
	Kind     string `json:"kind"`
	ReadOnly bool   `json:"readOnly"`
	Group    string `json:"group"`
}

// BuildKit is #BuildKit.
type BuildKit struct {
	Version     string   `json:"version"`
	Buildx      string   `json:"buildx"`
	Parallelism int      `json:"parallelism"`
	GC          GC       `json:"gc"`
	Mirrors     []Mirror `json:"-"`
}

// GC is #BuildKit.gc.
type GC struct {
	Max  string `json:"max"`
	Keep string `json:"keep"`
}

// Mirror is one registry with its mirrors.
type Mirror struct {
	Registry string
	Hosts    []string
}

// Workflow is #Workflow.
type Workflow struct {
	Repository        string     `json:"repository"`
	ForkImageVariable string     `json:"forkImageVariable"`
	Name              string     `json:"name"`
	DefaultBranch     string     `json:"defaultBranch"`
	Branches          []string   `json:"branches"`
	Tags              []string   `json:"tags"`
	Paths             []string   `json:"paths"`
	PullRequests      bool       `json:"pullRequests"`
	Dispatch          bool       `json:"dispatch"`
	Schedules         []Schedule `json:"schedules"`
	Timeout           string     `json:"timeout"`
	Runner            string     `json:"runner"`
	Checkout          Checkout   `json:"-"`
	Attestation       bool       `json:"attestation"`
	Before            []Value    `json:"-"` // native steps
	After             []Value    `json:"-"`
}

// Schedule is #Schedule.
type Schedule struct {
	Cron    string `json:"cron"`
	Purpose string `json:"purpose"`
}

// Checkout is #Workflow.checkout.
type Checkout struct {
	FetchDepth int
	Submodules string // "", "true" or "recursive"
}

// Drift is #Drift.
type Drift struct {
	Command       string   `json:"command"`
	GoVersionFile string   `json:"goVersionFile"` // "" is not said
	Name          string   `json:"name"`
	Branches      []string `json:"branches"`
	Timeout       string   `json:"timeout"`
	Runner        string   `json:"runner"`
	Before        []Value  `json:"-"` // native steps
}

// Objectives is #Objectives.
type Objectives struct {
	HitRate      int    `json:"hitRate"`
	HitRateFloor int    `json:"hitRateFloor"`
	WarmBuild    string `json:"warmBuild"`
	ColdBuild    string `json:"coldBuild"`
}

// Service is one compose service in native keys.
type Service struct {
	Name string
	Keys Value // an Object
}

// Output is one setting of #Outputs.
type Output struct {
	ID   string
	Path string // "" switches it off
}

// Lint is #Lint.
type Lint struct {
	Ignore []Ignore
}

// Ignore silences one rule.
type Ignore struct{ Rule, Reason string }
