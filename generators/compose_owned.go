package generators

import (
	"path"

	"github.com/devgen/devgen/generators/plan"
	"gopkg.in/yaml.v3"
)

// owned is the hook that gives the dev user what is mounted, once the container has started (post_start, since Compose
// 2.30.0). It stands with the mounts. Where the user has hooks too it comes before them, in their file, for Compose
// joins the lists of two files in the files' order.
func (c composeFile) owned(id string) entry {
	place := "volumes"
	if c.Dev().Get("post_start") != nil {
		place = "compose"
	}
	if c.Output("own-mounts") == nil || id != place {
		return entry{}
	}
	hook := dict(kv("command", c.ownMounts()), kv("user", "root"))
	return kv("post_start", list(hook)).apart().note(c.Mark(id, plan.OwnershipBlock) +
		"What is mounted, and the folders around it, belong to the user, whatever the image has there. Compose 2.30 or newer.")
}

// ownMounts is the call of the script, from the checkout in the container.
func (c composeFile) ownMounts() *yaml.Node {
	_, folders := c.Owned()
	script := path.Join(c.Spec.Workspace, c.Output("own-mounts").Path)
	call := list("sh", script, c.after(node(c.Spec.User.Name), "user", "name"))
	for _, v := range c.Volumes {
		call.Content = append(call.Content, c.after(node(v.Target), "volumes", v.Name, "target"))
	}
	if len(folders) > 0 {
		folders = append([]string{"--"}, folders...)
	}
	for _, dir := range folders {
		call.Content = append(call.Content, node(dir))
	}
	return call
}
