package chrome

import "syscall"

// parentDeath makes the kernel end the browser when we die without a word.
func parentDeath(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
