package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/operation"
)

// sandboxMachines are the addresses, https://HOST:PORT, of the boxes and vaults that a
// sandbox lists at its control address.
func sandboxMachines(ctx context.Context, control string) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(control, "/")+"/sandbox", nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", req.URL, resp.Status)
	}
	var info struct {
		PVE []struct {
			URL string `json:"url"`
		} `json:"pve"`
		PBS struct {
			URL string `json:"url"`
		} `json:"pbs"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&info); err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	machines := map[string]bool{addressOf(info.PBS.URL): true}
	for _, box := range info.PVE {
		machines[addressOf(box.URL)] = true
	}
	return machines, nil
}

// addressOf is the HOST:PORT of a URL.
func addressOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}

// allowed refuses machines outside of the sandbox that the controller lives in: its
// simulated time would play tricks with real backups.
func (c *Controller) allowed(address string) error {
	if c.conf.Sandbox == "" || c.machines[addressOf(address)] {
		return nil
	}
	return &operation.Refused{
		Why: fmt.Sprintf("%s is no machine of the sandbox %s, and this controller lives in that sandbox", address, c.conf.Sandbox),
		Fix: "use a controller without --sandbox for real machines",
	}
}
