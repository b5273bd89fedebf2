//go:build !unix

package main

import "errors"

func (p *process) tellToProfile() error { return errors.New("there is no signal for it here") }
