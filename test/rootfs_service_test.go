//go:build slow && linux

package test

import "testing"

func TestSmoke(t *testing.T) {
	m := newMachine(t)
	m.switchOn()
	m.put(binary, "/usr/local/bin/shelfd", 0o755)
	t.Log(m.must("shelfd", "version"))
	m.switchOff()
	m.switchOn()
	t.Log(m.must("shelfd", "version"))
	m.cut()
	m.switchOn()
	t.Log(m.run("systemctl", "is-system-running"))
}
