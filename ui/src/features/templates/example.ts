/** A template to begin with: it works as it is, and touches nothing. */
export const example = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: new-service
  title: New service
  description: A folder with a README and a catalog file.
spec:
  type: service
  owner: guests
  parameters:
    - title: About it
      required: [name]
      properties:
        name:
          title: Name
          type: string
          ui:field: EntityNamePicker
        owner:
          title: Owner
          type: string
          ui:field: OwnerPicker
  steps:
    - id: say
      name: Say what will be made
      action: debug:log
      input:
        message: Making \${{ parameters.name }}
    - id: describe
      name: Write the catalog file
      action: catalog:write
      input:
        entity:
          apiVersion: backstage.io/v1alpha1
          kind: Component
          metadata:
            name: \${{ parameters.name }}
          spec:
            type: service
            lifecycle: experimental
            owner: \${{ parameters.owner }}
`;
