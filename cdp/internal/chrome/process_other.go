//go:build unix && !linux

package chrome

import "syscall"

// parentDeath does nothing here: Chrome sees that its pipe is closed.
func parentDeath(*syscall.SysProcAttr) {}
