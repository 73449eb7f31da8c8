package guest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// cloudInit is the command cloud-init: status, and a few small ones. Debian 12 has
// 22.4, whose status knows no recoverable errors; later ones do, and end with 2 then.
func cloudInit(c *invocation) {
	if len(c.argv) < 2 {
		c.fail(2, "usage: cloud-init [-h] [--version] [--file FILES] [--debug] [--force] {init,modules,single,query,features,analyze,devel,collect-logs,clean,status,schema} ...")
		return
	}
	switch c.argv[1] {
	case "--version":
		c.printf("/usr/bin/cloud-init %s\n", c.g.disk.Packages["cloud-init"])
	case "status":
		cloudInitStatus(c)
	case "query":
		if len(c.argv) == 3 && slices.Contains([]string{"instance_id", "v1.instance_id", "instance-id"}, c.argv[2]) {
			c.printf("%s\n", c.g.disk.CloudInit.InstanceID)
			return
		}
		c.fail(127, "cloud-init: not simulated: %s", strings.Join(c.argv[1:], " "))
	case "clean":
		c.g.disk.CloudInit = CloudInit{}
	default:
		c.fail(127, "cloud-init: not simulated: %s", strings.Join(c.argv[1:], " "))
	}
}

func cloudInitStatus(c *invocation) {
	c.argv = c.argv[1:]
	flags, _ := c.options("format")
	ci := c.g.disk.CloudInit
	if has(flags, "wait", "w") && c.g.Init != nil {
		c.waits = true
		return
	}
	status := ci.Result
	if status == "" {
		status = "not run"
	}
	recent := c.g.disk.OS != debian12
	extended := status
	if status == "done" && recent && len(ci.Warnings) > 0 {
		extended = "degraded done"
		c.exit = 2
	}
	if status == "error" {
		c.exit = 1
	}
	switch format := flags["format"]; format {
	case "json", "yaml":
		if format == "yaml" {
			c.fail(127, "cloud-init: not simulated: status --format yaml")
			return
		}
		raw, err := json.MarshalIndent(c.g.statusReport(status, extended, recent), "", " ")
		if err != nil {
			c.fail(1, "cloud-init: %s", err)
			return
		}
		c.printf("%s\n", raw)
	default:
		c.printf("status: %s\n", status)
		if has(flags, "long", "l") {
			if recent {
				c.printf("extended_status: %s\n", extended)
			}
			c.printf("boot_status_code: %s\nlast_update: %s\ndetail:\n%s\n", c.g.bootStatus(), lastUpdate(ci.Finished), c.g.detail())
			if recent {
				c.printf("errors: %s\nrecoverable_errors: {}\n", ci.Errors)
			}
		}
	}
}

func (g *Guest) bootStatus() string {
	if g.disk.CloudInit.Result == "disabled" {
		return "disabled-by-generator"
	}
	return "enabled-by-generator"
}

func (g *Guest) detail() string {
	switch ci := g.disk.CloudInit; {
	case len(ci.Errors) > 0 && ci.Result == "error":
		return strings.Join(ci.Errors, "\n")
	case ci.Result == "running":
		return "Running in stage: " + ci.Stage
	case ci.Result == "disabled":
		return "Cloud-init disabled by cloud-init-generator"
	}
	return "DataSourceNoCloud [seed=/dev/sr0][dsmode=net]"
}

func lastUpdate(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000")
}

// statusReport is the JSON of cloud-init status.
func (g *Guest) statusReport(status, extended string, recent bool) map[string]any {
	ci := g.disk.CloudInit
	errors := ci.Errors
	if errors == nil {
		errors = []string{}
	}
	source := "nocloud"
	if ci.Result == "disabled" || ci.Result == "" {
		source = ""
	}
	report := map[string]any{"boot_status_code": g.bootStatus(), "datasource": source, "detail": g.detail(), "errors": errors, "last_update": lastUpdate(ci.Finished), "status": status}
	if recent {
		report["extended_status"] = extended
		recoverable := map[string]any{}
		if len(ci.Warnings) > 0 {
			recoverable["WARNING"] = ci.Warnings
		}
		report["recoverable_errors"] = recoverable
		report["stage"] = nil
		if ci.Result == "running" {
			report["stage"] = ci.Stage
		}
	}
	return report
}
