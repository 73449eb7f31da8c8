package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// state is a sandbox at rest, in one file of its state folder.
type state struct {
	Version int                        `json:"version"`
	Now     time.Time                  `json:"now"`
	Secrets secrets                    `json:"secrets"`
	Boxes   map[string]json.RawMessage `json:"boxes"`
	Vault   json.RawMessage            `json:"vault"`
	Relay   json.RawMessage            `json:"relay"`
}

const (
	stateFile    = "sandbox.json"
	stateVersion = 1
)

// load reads the saved state; nil if there is none yet.
func load(dir string) (*state, error) {
	if dir == "" {
		return nil, nil
	}
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	var saved state
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("state: %s is damaged (%w); remove it to begin anew", path, err)
	}
	if saved.Version != stateVersion {
		return nil, fmt.Errorf("state: %s is of version %d, this program knows %d; remove it to begin anew", path, saved.Version, stateVersion)
	}
	return &saved, nil
}

// save writes the state beside the old one and then takes its place.
func (s *Sandbox) save() error {
	st := state{Version: stateVersion, Now: s.world.Now(), Secrets: s.secrets, Boxes: make(map[string]json.RawMessage)}
	var err error
	for i, name := range s.boxNames() {
		if st.Boxes[name], err = s.boxes[i].MarshalJSON(); err != nil {
			return fmt.Errorf("save box %s: %w", name, err)
		}
	}
	if st.Vault, err = s.vault.MarshalJSON(); err != nil {
		return fmt.Errorf("save the vault: %w", err)
	}
	if st.Relay, err = s.relay.MarshalJSON(); err != nil {
		return fmt.Errorf("save the relay: %w", err)
	}
	data, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := os.MkdirAll(s.opts.State, 0o700); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	path := filepath.Join(s.opts.State, stateFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	return nil
}

// saveEvery is how much a sandbox that is killed may forget, in real time.
const saveEvery = 2 * time.Second

func (s *Sandbox) saveRegularly(ctx context.Context) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.fail(s.save())
		}
	}
}
