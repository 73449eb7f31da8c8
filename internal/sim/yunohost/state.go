package yunohost

// State is one YunoHost with all that it keeps.
type State struct {
	Version string `json:"version"` // "12.1.25"
}
