//! What decorators leave of a signature.

use std::rc::Rc;

use ironbridge_python_ast::declarations::{Class, Decorator, Found, Function, Hint, Type};

use super::Planner;

impl Planner<'_> {
    /// Whether calling it gives what only `async with` can take.
    pub(super) fn is_asynchronous_context(
        &self,
        function: &Function,
        owner: Option<&(Rc<Class>, Vec<Type>)>,
    ) -> bool {
        let is_context =
            (function.decorators.iter()).any(|it| it.text.ends_with("asynccontextmanager"));
        is_context
            || function.signature().is_some_and(|signature| {
                let returns = self.resolve(function, signature, owner).returns;
                matches!(&returns, Type::Unknown(reason)
                    if reason == "an asynchronous context manager")
            })
    }

    /// A decorator after which nobody knows what the signature is.
    pub(super) fn hiding_decorator<'f>(&self, function: &'f Function) -> Option<&'f Decorator> {
        function
            .decorators
            .iter()
            .find(|it| !self.is_transparent(it))
    }

    /// Whether a decorator of the package gives back what it is given, by its own hints.
    fn is_transparent(&self, decorator: &Decorator) -> bool {
        let Some(name) = &decorator.name else {
            return false;
        };
        let Found::Function(function) = self.library.find(name) else {
            return false;
        };
        let Some(signature) = function.signature() else {
            return false;
        };
        let Some(returns) = &signature.returns else {
            return false;
        };
        let returns = self.library.resolve(returns, &signature.type_parameters);
        if decorator.is_call {
            // `def retry(n: int) -> Callable[[F], F]`
            return match &returns {
                Type::Callable(Some(parameters), result) => {
                    matches!((&**parameters, &**result), ([Type::Variable(a)], Type::Variable(b)) if a.name == b.name)
                }
                _ => false,
            };
        }
        let first = signature.parameters.first().and_then(|it| it.hint.as_ref());
        let Some(first) = first else { return false };
        match (first, signature.returns.as_ref()) {
            // `Callable[P, R]` to `Callable[P, R]`.
            (a, Some(b)) if a == b && a.name().is_some_and(|it| it.name == "Callable") => {
                matches!(a, Hint::Subscript(_, arguments) if !matches!(arguments.first(), Some(Hint::Ellipsis)))
            }
            (a, _) => match (self.library.resolve(a, &signature.type_parameters), returns) {
                (Type::Variable(a), Type::Variable(b)) => a.name == b.name,
                _ => false,
            },
        }
    }
}
