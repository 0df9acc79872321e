import { useEffect, useMemo, type RefObject } from "react";
import { fieldErrors, type FieldErrors } from "../api/problem";

// The errors of a refused form by field; the first field that does not fit gets the focus.
export function useFormErrors(form: RefObject<HTMLElement | null>, error: unknown): FieldErrors {
  const errors = useMemo(() => fieldErrors(error), [error]);
  useEffect(() => {
    if (Object.keys(errors).length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [errors, form]);
  return errors;
}
