package api

import (
	"io/fs"
	"path"

	"github.com/gofiber/fiber/v2"

	"paytrace-gateway/openapi"
)

func (s *Server) openapiYAML(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/yaml; charset=utf-8")
	return c.Send(openapi.YAML())
}

func (s *Server) openapiJSON(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(openapi.JSON())
}

// docs serves the readable page. Everything it needs is in the binary.
func (s *Server) docs(c *fiber.Ctx) error {
	name := c.Params("*")
	if name == "" {
		name = "index.html"
	}
	// All of it is in the binary, so a file that cannot be read is not there,
	// or is the folder itself.
	content, err := fs.ReadFile(openapi.Docs(), name)
	if err != nil {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentSecurityPolicy, openapi.DocsPolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Type(path.Ext(name), "utf-8")
	return c.Send(content)
}
