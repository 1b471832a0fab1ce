"""The recurrent networks: torch only, with a shape on each line that changes one."""
