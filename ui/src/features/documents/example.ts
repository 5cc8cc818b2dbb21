export const example = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: hello-world
  description: The first entity of this portal.
  tags:
    - example
spec:
  type: service
  lifecycle: experimental
  owner: guests
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: guests
spec:
  type: team
  children: []
`;
