package scopehttp

// level returns whose limit refused.
func (q *request) level(err error) level { return process }
