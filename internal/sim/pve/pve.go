// Package pve simulates one Proxmox VE host, as strict as the real one: its wire, its
// rules for parameters, its users and permissions, its storages, virtual machines,
// tasks and jobs. All state is plain data that survives a restart.
//
// It never answers what the real system would not: a method of the official API
// description that is not simulated answers 501 with its name. It knows nothing of
// the programs that call it.
package pve
