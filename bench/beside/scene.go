package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// scene is everything that runs in one part: a PayTrace, and all ways to it,
// each with servers of its own. All of it starts empty, or with the ledger that
// was given.
type scene struct {
	house    *house
	folder   string
	payTrace *simulator
	variants []*variant
	// witnesses stand between the gateways and PayTrace, by the name of the
	// variant, where durability is looked at; where times are taken there is none.
	witnesses map[string]*witness
	stops     []func() error
	// profiled is a scene whose gateways tell where their time goes.
	profiled bool
}

// open starts a scene with these ways, and with witnesses if it is to have any.
// What has started already is ended when something fails.
func (h *house) open(ctx context.Context, name string, ways []string, witnesses map[string]*witness) (s *scene, err error) {
	s = &scene{house: h, folder: filepath.Join(h.site, name), witnesses: witnesses, profiled: name == budgetPart}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	// The user as whom PostgreSQL runs has to come to its own folder.
	if err := os.Mkdir(s.folder, 0o711); err != nil {
		return s, err
	}
	if s.payTrace, err = startSimulator(ctx, h.programs, s.folder); err != nil {
		return s, err
	}
	s.ends(s.payTrace.stop)
	for _, way := range ways {
		if err := s.openWay(ctx, way); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *scene) openWay(ctx context.Context, name string) error {
	switch name {
	case straight:
		s.variants = append(s.variants, &variant{name: straight, address: s.payTrace.api})
		return nil
	case throughNginx:
		return s.openNginx(ctx)
	case throughCaddy:
		return s.openCaddy(ctx)
	case onSQLite, toldOnSQLite, beforeOnSQLite, toldBefore:
		return s.openSQLite(ctx, name)
	default:
		return s.openPostgres(ctx, name)
	}
}

func (s *scene) ends(stop func() error) { s.stops = append(s.stops, stop) }

// close ends the last first, so that nobody misses whom he talks to.
func (s *scene) close() error {
	var errs []error
	for _, stop := range slices.Backward(s.stops) {
		errs = append(errs, stop())
	}
	s.stops = nil
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

func (s *scene) openNginx(ctx context.Context) error {
	if s.house.others.nginx == "" {
		return nil
	}
	return s.openProxy(throughNginx, func() (*process, string, error) {
		return startNginx(ctx, s.house.others.nginx, s.folder, s.payTrace.api)
	})
}

func (s *scene) openCaddy(ctx context.Context) error {
	if s.house.others.caddy == "" {
		return nil
	}
	return s.openProxy(throughCaddy, func() (*process, string, error) {
		return startCaddy(ctx, s.house.others.caddy, s.folder, s.payTrace.api)
	})
}

func (s *scene) openProxy(name string, start func() (*process, string, error)) error {
	p, address, err := start()
	if err != nil {
		return err
	}
	s.ends(p.stop)
	s.variants = append(s.variants, &variant{name: name, address: address, own: p})
	return nil
}

func (s *scene) openSQLite(ctx context.Context, name string) error {
	folder, err := s.room(name)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "ledger.db")
	if err := s.house.layOut(path); err != nil {
		return err
	}
	payTrace, err := s.behind(name, func() (*witness, error) { return witnessSQLite(s.payTrace.api, path) })
	if err != nil {
		return err
	}
	return s.openGateway(ctx, name, folder, payTrace, "GATEWAY_LEDGER_SQLITE="+path)
}

func (s *scene) openPostgres(ctx context.Context, name string) error {
	if s.house.others.postgres == "" {
		return nil
	}
	folder, err := s.room(name)
	if err != nil {
		return err
	}
	server, err := startPostgres(ctx, s.house.others.postgres, folder)
	if err != nil {
		return err
	}
	s.ends(server.stop)
	payTrace, err := s.behind(name, func() (*witness, error) { return witnessPostgres(s.payTrace.api, server.url) })
	if err != nil {
		return err
	}
	return s.openGateway(ctx, name, folder, payTrace, "GATEWAY_LEDGER_POSTGRES="+server.url, server.process)
}

// behind is where a gateway finds PayTrace: behind a witness, or straight on.
func (s *scene) behind(name string, call func() (*witness, error)) (string, error) {
	if s.witnesses == nil {
		return s.payTrace.api, nil
	}
	w, err := call()
	if err != nil {
		return "", err
	}
	s.ends(w.stop)
	s.witnesses[name] = w
	return w.address, nil
}

// room is a variant's folder.
func (s *scene) room(name string) (string, error) {
	folder := filepath.Join(s.folder, name)
	return folder, os.Mkdir(folder, 0o711)
}

func (s *scene) openGateway(ctx context.Context, name, folder, payTrace, ledger string, servers ...*process) error {
	redis, address, err := startRedis(ctx, folder)
	if err != nil {
		return err
	}
	s.ends(redis.stop)
	g, err := startGateway(ctx, surroundings{
		name: name, programs: s.house.programs, folder: folder, payTrace: payTrace, redis: address, ledger: ledger,
		told: tells(name), profiled: s.profiled, program: s.house.programOf(name),
	})
	if err != nil {
		return err
	}
	s.ends(g.stop)
	s.variants = append(s.variants, &variant{
		name: name, address: g.address, own: g.process, servers: append(servers, redis), gateway: g,
	})
	return nil
}
