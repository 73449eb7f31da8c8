package pbs

// jobs are the server's own jobs, by their IDs.
type jobs struct{}

func newJobs() jobs { return jobs{} }
