// The YAML is read rather than the JSON because it keeps the author's order.
SwaggerUIBundle({
  url: "/openapi.yaml",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // Without this, Swagger UI asks a public service to judge the document.
  validatorUrl: null,
  // Examples can be read without a click; schemas open on demand.
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
