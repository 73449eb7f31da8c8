// Package apispec holds what the official API descriptions of Proxmox VE and
// Proxmox Backup Server say about each method, as facts without prose: the names,
// types, limits and formats of its parameters, the permissions that it needs, the
// shape of its answer. It checks requests and answers against them, as the servers
// themselves do.
//
// It knows no state and no host: whether a VM exists is not its question. It never
// invents a rule that the description does not hold; the formats that stand there
// only by name are written down here from the servers' behaviour, and those that are
// not checked are listed with the reason.
package apispec
